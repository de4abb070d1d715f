import t, { type Test } from 'tap'
import { KvMirror } from '../../src/backends/fleet/kv-mirror.ts'
import type { Prefix } from '../../src/core/prefix.ts'
import type { PromptCache } from '../../src/core/prompt-cache.ts'
import { PrefixMap } from '../../src/decision/learn/prefix-map.ts'
import { eventually } from '../support/await.ts'
import { batchOf, CLEARED, type Peer, removed, startPeer, stored } from '../support/zmq-peer.ts'

const until = (look: () => boolean): Promise<void> => eventually(20_000, look.toString(), look)
const newCache = (): PromptCache => ({ seat: -1, tokens: 1e6, share: 1, lastingMs: Infinity })

/** A prompt of so many blocks of 512 bytes; 4 bytes a token. */
function prompt(name: number, blocks: number): Prefix {
  const hashes = Int32Array.from({ length: blocks }, (_, at) => 1000 * name + at)
  return { hashes, checks: hashes.map((one) => ~one), ends: hashes.map((_, at) => 512 * (at + 1)), size: 512 * blocks }
}

interface World {
  readonly peer: Peer
  readonly mirror: KvMirror
  readonly told: string[]
  /** Share of a prompt that this engine is taken to have, and that another one is. */
  readonly held: (prefix: Prefix) => readonly [number, number]
  /** It is sent to both, and answered by this engine, which stores it as `chain`. */
  readonly answered: (prefix: Prefix, chain: readonly bigint[], parent?: bigint | null) => Promise<void>
}

async function world(t: Test): Promise<World> {
  const peer = await startPeer()
  const prefixes = new PrefixMap()
  const [cache, other] = [newCache(), newCache()]
  const told: string[] = []
  /** Batches that were read. */
  let batches = 0
  const mirror = new KvMirror({
    now: () => {
      batches++
      return performance.now()
    },
    caches: () => [cache],
    prefixes,
    told: ({ why, missed }) => told.push(missed > 0 ? `missed ${missed}` : (why ?? 'there')),
  })
  const there = peer.subscribed()
  mirror.follow({ kvEvents: `tcp://127.0.0.1:${peer.port}`, kvEventsReplay: null })
  t.teardown(async () => {
    mirror.stop()
    await peer.close()
  })
  await there
  await until(() => told.length === 1)
  const held = (prefix: Prefix): readonly [number, number] => {
    prefixes.look(prefix)
    return [prefixes.heldOf(cache, prefix), prefixes.heldOf(other, prefix)]
  }
  let seq = 0n
  const read = async (batch: ReturnType<typeof batchOf>): Promise<void> => {
    const before = batches
    peer.publish(seq++, batch)
    await until(() => batches > before)
  }
  const answered: World['answered'] = async (prefix, chain, parent = null) => {
    const from = performance.now()
    for (const one of [cache, other]) prefixes.take(one, prefix, prefix.size / 4, from)
    const kept = prefix.size / 4 - chain.length * 16
    // An engine says what it stores before it answers.
    await read(batchOf(stored(chain, parent)))
    mirror.answered({ cache, prefix, tokens: prefix.size / 4, kept, from, to: performance.now() })
    await read(batchOf(removed([seq])))
  }
  return { peer, mirror, told, held, answered }
}

const chain = (from: bigint, count: number): bigint[] => Array.from({ length: count }, (_, at) => from + BigInt(at))

t.test('a prompt that the engine has thrown out is no longer counted on, as far as it was', async (t) => {
  const { peer, held, answered } = await world(t)
  const [long, short] = [prompt(1, 4), prompt(2, 2)]
  await answered(long, chain(2n ** 63n, 32))
  await answered(short, chain(5000n, 16))
  t.strictSame([held(long), held(short)], [[1, 1], [1, 1]]) // prettier-ignore
  // The end of it first, as engines do: 8 of its blocks are one of ours.
  peer.publish(10n, batchOf(removed(chain(2n ** 63n + 20n, 12))))
  await until(() => held(long)[0] < 1)
  t.strictSame([held(long), held(short)], [[0.5, 1], [1, 1]]) // prettier-ignore
  peer.publish(11n, batchOf(removed(chain(2n ** 63n, 20))))
  await until(() => held(long)[0] === 0)
  t.strictSame(held(short), [1, 1], 'another prompt, and another engine, keep theirs')
})

t.test('a cache that was cleared is empty at once', async (t) => {
  const { peer, held, answered } = await world(t)
  await answered(prompt(1, 4), chain(101n, 32))
  peer.publish(10n, batchOf(CLEARED))
  await until(() => held(prompt(1, 4))[0] === 0)
  t.equal(held(prompt(1, 4))[1], 1)
})

t.test('an engine that counts from the start again has lost all', async (t) => {
  const { peer, held, answered, told } = await world(t)
  await answered(prompt(1, 4), chain(101n, 32))
  const again = peer.subscribed()
  peer.cut()
  await again
  peer.publish(0n, batchOf(removed([7])))
  await until(() => held(prompt(1, 4))[0] === 0)
  t.strictSame(told, ['there', 'it closed the connection', 'there'])
})

t.test('events that are missing are told, and what was known stays', async (t) => {
  const { peer, held, answered, told } = await world(t)
  await answered(prompt(1, 4), chain(101n, 32))
  peer.publish(9n, batchOf(removed([7])))
  await until(() => told.length === 2)
  t.strictSame(told, ['there', 'missed 7'])
  t.strictSame(held(prompt(1, 4)), [1, 1])
  peer.publish(10n, batchOf(removed(chain(101n, 32))))
  await until(() => held(prompt(1, 4))[0] === 0)
})

t.test('another place is followed from then on, and none where none is named', async (t) => {
  const { peer, mirror, told } = await world(t)
  const other = await startPeer()
  t.teardown(() => other.close())
  const there = other.subscribed()
  mirror.follow({ kvEvents: `tcp://[::ffff:127.0.0.1]:${other.port}`, kvEventsReplay: null })
  await there
  await until(() => peer.open.size === 0 && told.length === 2)
  mirror.follow({ kvEvents: null, kvEventsReplay: null })
  await until(() => other.open.size === 0)
  t.strictSame(told, ['there', 'there'])
})
