import t from 'tap'
import type { KvEvent } from '../../src/backends/kv-events/kv-batch.ts'
import type { AnsweredPrompt } from '../../src/core/cache-follower.ts'
import { KvPairs } from '../../src/backends/kv-events/kv-pairs.ts'
import type { Prefix } from '../../src/core/prefix.ts'

const SIZE = 16

/** A prompt of `blocks` blocks of 512 bytes, 4 bytes a token; those up to `shared` are the same for all `name`s. */
function prompt(name: number, blocks: number, shared = 0): Prefix {
  const hashes = Int32Array.from({ length: blocks }, (_, at) => (at < shared ? at : 1000 * name + at))
  return { hashes, checks: hashes.map((one) => ~one), ends: hashes.map((_, at) => 512 * (at + 1)), size: 512 * blocks }
}

const stored = (name: string, from: number, to: number, parent: string | null = from === 0 ? null : `${name}${from - 1}`): KvEvent => ({ kind: 'stored', hashes: Array.from({ length: to - from }, (_, at) => `${name}${from + at}`), parent, blockSize: SIZE }) // prettier-ignore
const removed = (...hashes: string[]): KvEvent => ({ kind: 'removed', hashes })
const asked = (prefix: Prefix, more: Partial<AnsweredPrompt<string>> = {}): AnsweredPrompt<string> => ({ cache: 'c', prefix, tokens: prefix.size / 4, kept: 0, from: 100, to: 200, ...more }) // prettier-ignore
const lostBy = (pairs: KvPairs<string>, ...events: KvEvent[]): number[] => pairs.take(events, 300).lost.map(({ hash }) => hash) // prettier-ignore

t.test('the blocks of a request are those that came while it ran, from what was kept to its last full block', (t) => {
  const pairs = new KvPairs<string>()
  // 4 blocks of ours are 512 tokens: 32 of the engine, and some of the answer.
  pairs.take([stored('a', 0, 20)], 120)
  pairs.take([stored('a', 20, 32), stored('a', 32, 35)], 150)
  pairs.answered(asked(prompt(1, 4)))
  t.strictSame(pairs.counts, { blocks: 35, paired: 1, unsure: 0 })
  // The last of ours lies on the last eight of them.
  t.strictSame(lostBy(pairs, removed('a34', 'a33')), [], 'of the answer')
  t.strictSame(lostBy(pairs, removed('a31')), [1003])
  t.strictSame(lostBy(pairs, removed('a24', 'a23')), [1003, 1002])
  t.strictSame(lostBy(pairs, removed('a0')), [1000])
  t.strictSame(lostBy(pairs, removed('a0', 'unknown')), [])
  t.end()
})

t.test('a prompt that goes on from another has the blocks of that one, and both lose what they share', (t) => {
  const pairs = new KvPairs<string>()
  pairs.take([stored('a', 0, 16)], 110)
  pairs.answered(asked(prompt(1, 2, 2)))
  pairs.take([stored('b', 0, 16, 'a15')], 400)
  pairs.answered(asked(prompt(2, 4, 2), { kept: 256, from: 390, to: 450 }))
  t.equal(pairs.counts.paired, 2)
  t.strictSame(lostBy(pairs, removed('b15', 'b0')), [2003, 2002])
  t.strictSame(lostBy(pairs, removed('a15', 'a0')), [1, 0])
  t.end()
})

t.test('where two chains could be the request’s, nothing is concluded', (t) => {
  const pairs = new KvPairs<string>()
  pairs.take([stored('a', 0, 16), stored('b', 0, 16)], 120)
  pairs.answered(asked(prompt(1, 2)))
  t.strictSame(pairs.counts, { blocks: 32, paired: 0, unsure: 1 })
  t.strictSame(lostBy(pairs, removed('a15', 'b15')), [])
  // Of different lengths they are told apart: the event of a prompt's last blocks ends with it, and a chain is of one request only.
  pairs.take([stored('c', 0, 16), stored('d', 0, 24)], 520)
  pairs.answered(asked(prompt(3, 3), { from: 500, to: 600 }))
  pairs.answered(asked(prompt(2, 2), { from: 500, to: 600 }))
  t.strictSame(pairs.counts, { blocks: 70, paired: 2, unsure: 1 })
  t.strictSame(lostBy(pairs, removed('c15', 'd23')), [2001, 3002])
  t.end()
})

t.test('blocks of another time, of a prompt that nobody saw begin, or of none are not taken', (t) => {
  const pairs = new KvPairs<string>()
  pairs.take([stored('early', 0, 16)], 50)
  pairs.take([stored('late', 0, 16)], 260)
  pairs.take([stored('orphan', 8, 16)], 150)
  pairs.answered(asked(prompt(1, 2)))
  t.strictSame(pairs.counts, { blocks: 32, paired: 0, unsure: 0 })
  // Nothing was stored: all of it was kept, it fills no block, or it is not known how it begins.
  pairs.answered(asked(prompt(1, 2), { kept: 256 }))
  pairs.answered(asked(prompt(1, 1), { tokens: 15 }))
  pairs.answered(asked({ ...prompt(1, 0), size: 1 }))
  t.equal(pairs.counts.paired, 0)
  t.end()
})

t.test('events that come behind the answer are waited for, and not for ever', (t) => {
  const pairs = new KvPairs<string>()
  pairs.answered(asked(prompt(1, 2)))
  pairs.take([stored('a', 0, 16)], 230)
  t.equal(pairs.counts.paired, 1)
  pairs.answered(asked(prompt(2, 2), { from: 1000, to: 1100 }))
  pairs.take([removed('none')], 1200)
  pairs.take([removed('none')], 9000)
  pairs.take([stored('b', 0, 16)], 9001)
  t.equal(pairs.counts.paired, 1)
  t.end()
})

t.test('a cache that was cleared, an engine with other blocks and a stream without end leave nothing behind', (t) => {
  const pairs = new KvPairs<string>()
  pairs.take([stored('a', 0, 16)], 120)
  pairs.answered(asked(prompt(1, 2)))
  t.strictSame(pairs.take([removed('a15'), { kind: 'cleared' }], 130), { lost: [], all: true })
  t.equal(pairs.counts.blocks, 0)
  pairs.take([stored('b', 0, 16)], 120)
  pairs.take([{ ...stored('c', 0, 4), blockSize: 128 } as KvEvent], 130)
  t.equal(pairs.counts.blocks, 4)
  pairs.forget()
  for (let at = 0; at < 200; at++) pairs.take([{ ...stored('d', at * 1000, at * 1000 + 1000), blockSize: 128 } as KvEvent], 1000 + at) // prettier-ignore
  t.equal(pairs.counts.blocks, 131_072)
  t.end()
})

/** Reproducible. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

t.test('whatever runs beside it: what is lost was sent there, and a chain is never of two requests', (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const next = random(seed)
    const pairs = new KvPairs<string>()
    const truth = new Map<string, number>()
    let [now, wrong, lost] = [0, 0, 0]
    const events: (readonly [at: number, event: KvEvent])[] = []
    const requests: AnsweredPrompt<string>[] = []
    for (let name = 1; name <= 40; name++) {
      const blocks = 1 + Math.floor(next() * 6)
      const from = now
      const to = from + 20 + next() * 100
      now += next() * 60
      const chain = `${name}-`
      events.push([from + next() * (to - from), stored(chain, 0, blocks * 8)])
      for (let at = 0; at < blocks * 8; at++) truth.set(`${chain}${at}`, name)
      if (next() < 0.8) requests.push(asked(prompt(name, blocks), { from, to }))
    }
    const steps = [...events.map(([at, event]) => ({ at, event, request: null })), ...requests.map((request) => ({ at: request.to, event: null, request }))] // prettier-ignore
    for (const { at, event, request } of steps.sort((a, b) => a.at - b.at)) {
      if (event !== null) pairs.take([event], at)
      else if (request !== null) pairs.answered(request)
    }
    for (const [hash, name] of truth)
      for (const { hash: ours } of pairs.take([removed(hash)], now + 5000).lost) {
        lost++
        if (Math.floor(ours / 1000) !== name) wrong++
      }
    t.ok(lost > 0, `seed ${seed}: ${pairs.counts.paired} paired`)
    // A request of others that runs alone, of the same length, cannot be told from ours: rarely.
    t.ok(wrong <= 0.15 * lost, `seed ${seed}: ${wrong} of ${lost} are of another`)
  }
  t.end()
})
