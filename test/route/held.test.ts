/** When a prompt is hashed for a decision: only where some candidate has kept anything at all. */
import t from 'tap'
import type { Prefix } from '../../src/core/prefix.ts'
import type { RequestProfile, Target } from '../../src/core/types.ts'
import { PrefixMap } from '../../src/decision/learn/prefix-map.ts'
import { newPromptCache } from '../../src/decision/learn/prompt-caches.ts'
import { heldBy, heldShares } from '../../src/decision/route/held.ts'
import { deployment, profile } from '../support/factories.ts'

const PROMPT: Prefix = {
  hashes: Int32Array.of(1, 2),
  checks: Int32Array.of(5, 6),
  ends: Int32Array.of(500, 1_000),
  size: 1_000,
}
const FIRST_HALF: Prefix = { ...PROMPT, hashes: Int32Array.of(1), checks: Int32Array.of(5), size: 500 }

/** Counts how often its prompt is hashed. */
function counted(): { readonly asked: RequestProfile; readonly times: () => number } {
  let times = 0
  const asked = Object.defineProperty({ ...profile() }, 'prefix', {
    get: () => {
      times++
      return PROMPT
    },
  })
  return { asked, times: () => times }
}

const targets: readonly Target[] = ['a', 'b', 'c'].map((model) => {
  const cache = newPromptCache({ local: false, response: { promptsKeptMs: 1_000 } })
  return deployment(`cloud/${model}`, { learnt: { cache } }).targets[0]!
})
const ROWS = [0, 1, 2]
const caches = targets.map((target) => target.deployment.cache)

t.test('a prompt is hashed only where a candidate has kept something, and not once that has lapsed', async (t) => {
  const prefixes = new PrefixMap()
  const { asked, times } = counted()
  const shares = (now: number, rows = ROWS): number[] =>
    [...heldShares(targets, rows, asked, { prefixes, now })].slice(0, 3)
  t.strictSame(shares(0), [0, 0, 0])
  t.equal(heldBy(caches[1]!, asked, prefixes), 0)
  t.equal(times(), 0)
  prefixes.take(caches[1]!, FIRST_HALF, 100, 0)
  t.strictSame(shares(500), [0, 0.5, 0])
  t.equal(heldBy(caches[1]!, asked, prefixes), 0.5)
  t.equal(times(), 2)
  t.equal(heldBy(caches[0]!, asked, prefixes), 0)
  t.strictSame(shares(500, [0, 2]), [0, 0, 0], 'what an excluded one has kept is of no use')
  t.strictSame(shares(2_000), [0, 0, 0])
  t.equal(times(), 2)
})
