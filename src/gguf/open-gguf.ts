/**
 * The header of a GGUF, read by @huggingface/gguf over a source of ranges, within bounded memory and time. That package takes what it asked for and
 * did not get as zeros, so a file that ends within its header, or before its tensors do, is found out here.
 */
import type { gguf as Read, GGUFTensorInfo } from '@huggingface/gguf'
import { GgufError } from './gguf-error.ts'
import { Metadata } from './metadata.ts'
import type { GgufSource } from './source.ts'
import { TENSOR_TYPES } from './tensor-types.ts'

export interface GgufFile {
  readonly metadata: Metadata
  readonly tensors: readonly GGUFTensorInfo[]
  /** Bytes of the tensors, without the header. */
  readonly weightBytes: number
  readonly bigEndian: boolean
}

const MIB = 1024 ** 2
/** The vocabulary and merges of 262,144 tokens take 16 MiB; @huggingface/gguf reads nothing behind 50 MB. */
const MOST_HEADER = 32 * MIB
/** The largest models that there are have a few thousand. */
const MOST_TENSORS = 100_000
const START = 24

/** Throws a GgufError. */
export async function openGguf(source: GgufSource): Promise<GgufFile> {
  checkStart(await source.read(0, START))
  const { gguf } = await import('@huggingface/gguf')
  const { metadata, tensorInfos, tensorDataOffset, littleEndian, tensorInfoByteRange } = await parsed(gguf, source)
  if (tensorInfoByteRange[1] > source.size) throw new GgufError(endsInHeader(source.size))
  const weightBytes = source.size - Number(tensorDataOffset)
  checkTensors(tensorInfos, Math.max(0, weightBytes))
  return {
    metadata: new Metadata(new Map<string, unknown>(Object.entries(metadata))),
    tensors: tensorInfos,
    weightBytes: tensorInfos.length === 0 ? 0 : weightBytes,
    bigEndian: !littleEndian,
  }
}

function checkStart(start: Uint8Array): void {
  const view = Buffer.from(start)
  const magic = view.subarray(0, 4).toString('latin1')
  if (view.length === 0) throw new GgufError('it is empty')
  if (magic !== 'GGUF') throw new GgufError(`it is not a GGUF: it begins with ${shown(view)}${hint(view)}`)
  if (view.length < START) throw new GgufError(endsInHeader(view.length))
  const bigEndian = view.readUInt16LE(4) === 0
  const version = bigEndian ? view.readUInt32BE(4) : view.readUInt32LE(4)
  if (version === 1) throw new GgufError('it is GGUF version 1, which engines no longer read')
  if (version !== 2 && version !== 3) throw new GgufError(`it is GGUF version ${version}; versions 2 and 3 can be read`)
  const tensors = bigEndian ? view.readBigUInt64BE(8) : view.readBigUInt64LE(8)
  if (tensors > BigInt(MOST_TENSORS)) throw new GgufError(`it says that it has ${tensors} tensors, which no model has`)
}

const shown = (start: Buffer): string =>
  JSON.stringify(
    start
      .subarray(0, 4)
      .toString('latin1')
      .replace(/[^ -~]/g, '?'),
  )

/** What is most often found in place of a model. */
const hint = (start: Buffer): string =>
  start.toString('latin1').startsWith('version ')
    ? ' (a pointer of Git LFS; fetch the file itself with `git lfs pull`)'
    : /^\s*<(!|html)/i.test(start.toString('latin1'))
      ? ' (an HTML page)'
      : ''

const endsInHeader = (size: number): string => `it ends within its header, after ${size} bytes: it is truncated`

type Parsed = Awaited<ReturnType<typeof Read>>

async function parsed(gguf: typeof Read, source: GgufSource): Promise<Parsed> {
  let beyond = false
  const ranges: typeof fetch = async (_url, options) => {
    const [, first = '0', last = '0'] = /bytes=(\d+)-(\d+)/.exec(new Headers(options?.headers).get('range') ?? '') ?? []
    const from = Number(first)
    if (from >= MOST_HEADER)
      throw new GgufError(`its header is larger than ${MOST_HEADER / MIB} MiB, which no model has`)
    // It reads ahead: once beyond the end is in order.
    if (from >= source.size && beyond) throw new GgufError(endsInHeader(source.size))
    beyond = from >= source.size
    const bytes = beyond ? new Uint8Array() : await source.read(from, Number(last) - from + 1)
    return new Response(Uint8Array.from(bytes), { status: 206 })
  }
  try {
    return await gguf('https://source', { fetch: ranges })
  } catch (thrown) {
    if (thrown instanceof GgufError) throw thrown
    const why = thrown instanceof RangeError ? 'a length in it points beyond its end' : reasonOf(thrown)
    throw new GgufError(`its header cannot be read: ${why}`)
  }
}

const reasonOf = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : 'unknown reason').replace(/[^ -~]/g, '?').slice(0, 160)

/** An incomplete download ends within its tensors. */
function checkTensors(tensors: readonly GGUFTensorInfo[], there: number): void {
  let end = 0
  for (const { shape, dtype, offset } of tensors) {
    const type = TENSOR_TYPES.get(dtype)
    const weights = shape.reduce((product, one) => product * Number(one), 1)
    const bytes = type === undefined ? 0 : (weights / type.weights) * type.bytes
    end = Math.max(end, Number(offset) + bytes)
  }
  if (end <= there) return
  if (end > 2 ** 50) throw new GgufError('its tensors are larger than any disk: it is damaged')
  throw new GgufError(
    `it ends before its tensors do: ${there} of ${end} bytes are present (${Math.floor((there / end) * 100)} %); ` +
      'the download is incomplete',
  )
}
