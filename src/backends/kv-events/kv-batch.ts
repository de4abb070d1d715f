/**
 * What vLLM and SGLang publish of their KV caches: batches of events in MessagePack, as their `kv_events.py` has them. Structures are lists there
 * whose members at the end may be missing, and newer versions append some. Pure; the decoder is loaded by `kvDecoder`.
 */
import { fitsMsgpack } from './fits-msgpack.ts'

export type KvEvent =
  | {
      readonly kind: 'stored'
      /** One after the other, each the parent of the next. */
      readonly hashes: readonly string[]
      /** Null: the first begins a prompt. */
      readonly parent: string | null
      /** Tokens of a block. */
      readonly blockSize: number
    }
  | { readonly kind: 'removed'; readonly hashes: readonly string[] }
  | { readonly kind: 'cleared' }

/** Null: it is none. Events that are not known are left out. */
export type KvDecoder = (payload: Buffer) => readonly KvEvent[] | null

export async function kvDecoder(): Promise<KvDecoder> {
  const { Decoder } = await import('@msgpack/msgpack')
  // Hashes are whole numbers of 64 bits, or bytes.
  const decoder = new Decoder({ useBigInt64: true })
  return (payload) => (fitsMsgpack(payload) ? eventsOf(decoded(decoder, payload)) : null)
}

function decoded(decoder: { decode(bytes: Uint8Array): unknown }, payload: Buffer): unknown {
  try {
    return decoder.decode(payload)
  } catch {
    return null
  }
}

/** `[ts, events, ..]` */
function eventsOf(batch: unknown): readonly KvEvent[] | null {
  if (!Array.isArray(batch) || !Array.isArray(batch[1])) return null
  return batch[1].flatMap((event: unknown) => {
    const read = Array.isArray(event) ? eventOf(event) : null
    return read === null ? [] : [read]
  })
}

/** `[tag, ..]`. Blocks on a disk or in the RAM of a host (`medium`) are no blocks of the cache that prompts are read from. */
function eventOf([tag, ...members]: readonly unknown[]): KvEvent | null {
  if (tag === 'AllBlocksCleared') return { kind: 'cleared' }
  const hashes = hashesOf(members[0])
  if (hashes === null) return null
  if (tag === 'BlockRemoved') return elsewhere(members[1]) ? null : { kind: 'removed', hashes }
  if (tag !== 'BlockStored' || elsewhere(members[5])) return null
  const [, parent, , size] = members
  const blockSize = Number(size)
  if (!Number.isInteger(blockSize) || blockSize < 1) return null
  return { kind: 'stored', hashes, parent: hashOf(parent), blockSize }
}

const elsewhere = (medium: unknown): boolean => typeof medium === 'string' && !/gpu/i.test(medium)

function hashesOf(value: unknown): readonly string[] | null {
  if (!Array.isArray(value)) return null
  const hashes = value.map(hashOf)
  return hashes.every((hash) => hash !== null) ? hashes : null
}

function hashOf(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : null
}
