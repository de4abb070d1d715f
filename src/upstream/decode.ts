/** Clouds compress error bodies even where nobody asked for it. */
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'

const DECODERS: Readonly<Record<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
}

/** Against bodies that unpack to a thousand times their size. */
const MAX_BYTES = 64 * 1024 * 1024

/** The body in plain bytes; rejects where it cannot be. */
export async function decode(body: Buffer, encoding: string | string[] | undefined): Promise<Buffer> {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return body
  const decoder = typeof encoding === 'string' ? DECODERS[encoding.trim().toLowerCase()] : undefined
  if (decoder === undefined) throw new Error(`unknown content-encoding ${String(encoding)}`)
  return await decoder(body, { maxOutputLength: MAX_BYTES })
}
