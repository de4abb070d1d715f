/**
 * Whether bytes are one value of MessagePack that can be decoded safely: no list says that it is longer than its bytes, and nothing is deep. The decoder
 * makes room for what a list says of its length, so that a few bytes could else claim all memory. Pure.
 */
const DEEPEST = 8

export function fitsMsgpack(bytes: Buffer): boolean {
  const end = skip(bytes, 0, 0)
  return end === bytes.length
}

/** Where the value that begins at `at` ends; -1: nowhere within these bytes, or too deep. */
function skip(bytes: Buffer, at: number, depth: number): number {
  if (at >= bytes.length || depth > DEEPEST) return -1
  const type = bytes[at]!
  if (type <= 0x7f || type >= 0xe0 || type === 0xc0 || type === 0xc2 || type === 0xc3) return at + 1
  if (type <= 0x8f) return items(bytes, at + 1, 2 * (type & 15), depth)
  if (type <= 0x9f) return items(bytes, at + 1, type & 15, depth)
  if (type <= 0xbf) return within(bytes, at + 1 + (type & 31))
  const form = FORMS.get(type)
  if (form === undefined) return -1
  const { size, kind } = form
  if (kind === 'plain') return within(bytes, at + 1 + size)
  if (at + 1 + size > bytes.length) return -1
  const count = bytes.readUIntBE(at + 1, size)
  const from = at + 1 + size
  if (kind === 'list') return items(bytes, from, count, depth)
  if (kind === 'map') return items(bytes, from, 2 * count, depth)
  return within(bytes, from + count)
}

/** Each item takes a byte at least. */
function items(bytes: Buffer, from: number, count: number, depth: number): number {
  if (count > bytes.length - from) return -1
  let at = from
  for (let left = count; left > 0; left--) {
    at = skip(bytes, at, depth + 1)
    if (at < 0) return -1
  }
  return at
}

const within = ({ length }: Buffer, end: number): number => (end <= length ? end : -1)

interface Form {
  /** Of what stands behind the type: the value, or how much of it follows. */
  readonly size: number
  readonly kind: 'plain' | 'bytes' | 'list' | 'map'
}

const plain = (size: number): Form => ({ size, kind: 'plain' })

/** Types of more than one byte; extensions are none that engines send. */
const FORMS: ReadonlyMap<number, Form> = new Map([
  [0xc4, { size: 1, kind: 'bytes' }],
  [0xc5, { size: 2, kind: 'bytes' }],
  [0xc6, { size: 4, kind: 'bytes' }],
  [0xca, plain(4)],
  [0xcb, plain(8)],
  [0xcc, plain(1)],
  [0xcd, plain(2)],
  [0xce, plain(4)],
  [0xcf, plain(8)],
  [0xd0, plain(1)],
  [0xd1, plain(2)],
  [0xd2, plain(4)],
  [0xd3, plain(8)],
  [0xd9, { size: 1, kind: 'bytes' }],
  [0xda, { size: 2, kind: 'bytes' }],
  [0xdb, { size: 4, kind: 'bytes' }],
  [0xdc, { size: 2, kind: 'list' }],
  [0xdd, { size: 4, kind: 'list' }],
  [0xde, { size: 2, kind: 'map' }],
  [0xdf, { size: 4, kind: 'map' }],
])
