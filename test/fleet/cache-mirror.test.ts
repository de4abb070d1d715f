/** What an engine tells of itself, and what its prompt caches are taken to hold then. */
import t from 'tap'
import { CacheMirror } from '../../src/backends/fleet/cache-mirror.ts'
import { type EngineReading, UNREAD, UNTOLD } from '../../src/core/engine-reading.ts'
import type { Prefix } from '../../src/core/prefix.ts'
import type { Deployment } from '../../src/core/types.ts'
import { PrefixMap } from '../../src/decision/learn/prefix-map.ts'
import { newPromptCache } from '../../src/decision/learn/prompt-caches.ts'
import { deployment } from '../support/factories.ts'

const PROMPT: Prefix = {
  hashes: Int32Array.of(11, 12, 13),
  checks: Int32Array.of(1, 2, 3),
  ends: Int32Array.of(1, 2, 3),
  size: 3,
}

const named = (model: string): Deployment =>
  deployment(`engine/${model}`, { learnt: { cache: newPromptCache({ local: true, response: {} }) } })

interface Mirrored {
  readonly read: (reading: Partial<EngineReading> | null) => void
  readonly gone: () => void
  /** Blocks of the prompt that each of its two models is taken to hold. */
  readonly held: () => number[]
  readonly tokens: () => number[]
}

/** An engine with two models, of which both were asked the same. */
function mirrored(): Mirrored {
  const prefixes = new PrefixMap()
  const mirror = new CacheMirror(prefixes)
  const all = [named('a'), named('b')]
  for (const { cache } of all) prefixes.take(cache, PROMPT, 300, 0)
  return {
    read: (reading) => mirror.read(reading === null ? null : { ...UNREAD, ...reading }, all),
    gone: () => mirror.gone(all),
    held: () => {
      prefixes.look(PROMPT)
      return all.map(({ cache }) => Math.round(3 * prefixes.heldOf(cache, PROMPT)))
    },
    tokens: () => all.map(({ cache }) => cache.tokens),
  }
}

const loads = (loaded: Readonly<Record<string, boolean>>): Partial<EngineReading> => ({
  models: new Map(Object.entries(loaded).map(([name, is]) => [name, { ...UNTOLD, loaded: is }])),
})

const CASES: readonly {
  readonly says: string
  readonly told: readonly (Partial<EngineReading> | null)[]
  readonly held: readonly number[]
}[] = [
  { says: 'one that says nothing keeps what it had', told: [{}, {}], held: [3, 3] },
  { says: 'one that could not be asked as well', told: [{}, null, {}], held: [3, 3] },
  { says: 'a new start empties it', told: [{ restarts: 0 }, { restarts: 1 }], held: [0, 0] },
  { says: 'a model that has left memory is forgotten alone', told: [loads({ a: false, b: true })], held: [0, 3] },
  { says: 'one that is not listed is not known to have left', told: [loads({ b: true })], held: [3, 3] },
  { says: 'an engine that sleeps has left them all', told: [{ sleeping: true }], held: [0, 0] },
  {
    says: 'a model that sleeps has left by itself',
    told: [{ models: new Map([['b', { ...UNTOLD, sleeping: true }]]) }],
    held: [3, 0],
  },
]

for (const { says, told, held } of CASES)
  t.test(says, async (t) => {
    const engine = mirrored()
    for (const reading of told) engine.read(reading)
    t.strictSame(engine.held(), held)
  })

t.test('a restart counts once', async (t) => {
  const prefixes = new PrefixMap()
  const mirror = new CacheMirror(prefixes)
  const one = named('a')
  const read = (restarts: number): void => mirror.read({ ...UNREAD, restarts }, [one])
  read(1)
  prefixes.take(one.cache, PROMPT, 300, 0)
  read(1)
  prefixes.look(PROMPT)
  t.equal(prefixes.heldOf(one.cache, PROMPT), 1)
})

t.test('one that cannot be reached has kept nothing when it is back', async (t) => {
  const engine = mirrored()
  engine.gone()
  t.strictSame(engine.held(), [0, 0])
})

t.test('the size is the one that the engine tells, and what it told stays where it tells none', async (t) => {
  const engine = mirrored()
  const [before] = engine.tokens()
  engine.read({ kvTokens: 0 })
  t.strictSame(engine.tokens(), [before, before], 'none at all is no size')
  engine.read({ kvTokens: 48_000 })
  engine.read({ kvTokens: null })
  t.strictSame(engine.tokens(), [48_000, 48_000])
})
