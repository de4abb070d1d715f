/**
 * What vLLM and SGLang publish of their KV caches: batches of events in MessagePack, as their `kv_events.py` has them. Newer versions append
 * members, and those at the end may be missing. Pure; the decoder is loaded by `kvDecoder`.
 */
import { type Fields, isObject } from '../../core/is-object.ts'
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
    const members = Array.isArray(event) ? namedOf(event) : isObject(event) ? event : null
    const read = members === null ? null : eventOf(members)
    return read === null ? [] : [read]
  })
}

/** In this order behind the tag, as SGLang and older vLLMs have them; since 0.32 vLLM writes the names. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  BlockStored: ['block_hashes', 'parent_block_hash', 'token_ids', 'block_size', 'lora_id', 'medium'],
  BlockRemoved: ['block_hashes', 'medium'],
}

function namedOf([type, ...values]: readonly unknown[]): Fields {
  const names = typeof type === 'string' && Object.hasOwn(MEMBERS, type) ? MEMBERS[type]! : []
  return { type, ...Object.fromEntries(names.map((name, at) => [name, values[at]])) }
}

function eventOf(event: Fields): KvEvent | null {
  const { type } = event
  if (type === 'AllBlocksCleared') return { kind: 'cleared' }
  const hashes = hashesOf(event['block_hashes'])
  if (hashes === null || isElsewhere(event)) return null
  if (type === 'BlockRemoved') return { kind: 'removed', hashes }
  const blockSize = Number(event['block_size'])
  if (type !== 'BlockStored' || !Number.isInteger(blockSize) || blockSize < 1) return null
  return { kind: 'stored', hashes, parent: hashOf(event['parent_block_hash']), blockSize }
}

/** On a disk or in the RAM of a host, or of a second kind of layers: no blocks of the cache that prompts are looked up in. */
const isElsewhere = ({ medium, group_idx: group }: Fields): boolean =>
  (typeof medium === 'string' && !/gpu/i.test(medium)) || (group !== undefined && group !== null && Number(group) !== 0)

function hashesOf(value: unknown): readonly string[] | null {
  if (!Array.isArray(value)) return null
  const hashes = value.map(hashOf)
  return hashes.every((hash) => hash !== null) ? hashes : null
}

function hashOf(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : null
}
