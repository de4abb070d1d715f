import { Encoder } from '@msgpack/msgpack'
import t from 'tap'
import { kvDecoder } from '../../src/backends/kv-events/kv-batch.ts'
import { batchOf, CLEARED, removed, stored } from '../support/zmq-peer.ts'

/** What vLLM 0.32 published for one block of 128 tokens: the names are written out, and members of newer versions stand behind. */
const RECORDED =
  'k8tB2sNzIiylGJGLpHR5cGWrQmxvY2tTdG9yZWSsYmxvY2tfaGFzaGVzkc+xwbsNvybO6LFwYXJlbnRfYmxvY2tfaGFzaM/m+ms1tVGV6al0b2tlbl9pZHPcAIDNAQnNAQ7NARHNARPNARXNARg2KM0BCc0BDs0BEc0BE80BFc0BGDYozQEJzQEOzQERzQETzQEVzQEYNijNAQnNAQ7NARHNARPNARXNARg2KM0BCc0BDs0BEc0BE80BFc0BGDYozQEJzQEOzQERzQETzQEVzQEYNijNAQnNAQ7NARHNARPNARXNARg2KM0BCc0BDs0BEc0BE80BFc0BGDYozQEJzQEOzQERzQETzQEVzQEYNijNAQnNAQ7NARHNARPNARXNARg2KM0BCc0BDs0BEc0BE80BFc0BGDYozQEJzQEOzQERzQETzQEVzQEYNijNAQnNAQ7NARHNARPNARXNARg2KM0BCc0BDs0BEc0BE80BFc0BGDYozQEJzQEOzQERzQETzQEVzQEYNigCEgHNAiESzQFHzQGhzQEVqmJsb2NrX3NpemXMgKdsb3JhX2lkwKZtZWRpdW2jR1BVqWxvcmFfbmFtZcCqZXh0cmFfa2V5c5HAqWdyb3VwX2lkeACya3ZfY2FjaGVfc3BlY19raW5krmZ1bGxfYXR0ZW50aW9uAA=='

const encoded = (...events: readonly unknown[]): Buffer => Buffer.from(new Encoder({ useBigInt64: true }).encode([1, events])) // prettier-ignore

t.test('what a real vLLM published is read', async (t) => {
  const decode = await kvDecoder()
  t.strictSame(decode(Buffer.from(RECORDED, 'base64')), [
    { kind: 'stored', hashes: ['12808724482934361832'], parent: '16643733251320550889', blockSize: 128 },
  ])
})

t.test('lists, names, hashes of all kinds, and what newer versions append', async (t) => {
  const decode = await kvDecoder()
  const stored16 = { kind: 'stored', hashes: ['1', '-5', '18446744073709551615', 'AQI='], parent: null, blockSize: 16 }
  const hashes = [1, -5n, 2n ** 64n - 1n, new Uint8Array([1, 2])]
  for (const [event, expected] of [
    [stored(hashes, null), stored16],
    [['BlockStored', hashes, null, [], 16], stored16],
    [['BlockStored', hashes, null, [], 16, null, 'GPU', 'name', [null], 0, 'x'], stored16],
    [{ type: 'BlockStored', block_hashes: hashes, parent_block_hash: null, token_ids: [], block_size: 16 }, stored16],
    [removed([7]), { kind: 'removed', hashes: ['7'] }],
    [{ type: 'BlockRemoved', block_hashes: [7], medium: null, group_idx: 0 }, { kind: 'removed', hashes: ['7'] }],
    [CLEARED, { kind: 'cleared' }],
    [{ type: 'AllBlocksCleared' }, { kind: 'cleared' }],
    // In the RAM of the host, on a disk, of a second group of layers: no blocks of the cache that prompts are looked up in.
    [['BlockRemoved', [7], 'CPU'], null],
    [['BlockStored', [7], null, [], 16, null, 'STORAGE'], null],
    [{ type: 'BlockRemoved', block_hashes: [7], medium: 'GPU', group_idx: 1 }, null],
    // Nonsense.
    [['BlockStored', [7], null, [], 0], null],
    [['BlockStored', [7], null, [], 1.5], null],
    [['BlockStored', 'x', null, [], 16], null],
    [['BlockRemoved', [{}]], null],
    [['constructor', [7]], null],
    [['Other'], null],
    [[], null],
    [7, null],
  ] as const)
    t.strictSame(decode(encoded(event)), expected === null ? [] : [expected], JSON.stringify(event, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))) // prettier-ignore
  for (const bytes of [Buffer.alloc(0), Buffer.from('no'), Buffer.from([0xc0]), Buffer.from([0x91, 1]), Buffer.from([0x92, 1, 2])]) t.equal(decode(bytes), null) // prettier-ignore
})

t.test('no byte of a batch that is turned over does any harm', async (t) => {
  const decode = await kvDecoder()
  const whole = batchOf(stored([2n ** 63n, new Uint8Array(32)], 5n), removed([1, 2]), CLEARED)
  for (let at = 0; at < whole.length; at++)
    for (const flip of [0xff, 0x01, 0x80, 0x40]) {
      const bytes = Buffer.from(whole)
      bytes[at]! ^= flip
      t.doesNotThrow(() => decode(bytes), `${at} ${flip}`)
    }
})
