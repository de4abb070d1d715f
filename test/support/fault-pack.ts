import type { Transform } from 'node:stream'
import { constants, createBrotliCompress, createDeflate, createDeflateRaw, createGzip } from 'node:zlib'
import type { Frame } from './fault-frames.ts'
import type { Encoding, Plan } from './fault-plan.ts'

const PACKERS: Readonly<Record<Encoding, () => Transform & { flush(done: () => void): void }>> = {
  gzip: () => createGzip({ flush: constants.Z_SYNC_FLUSH }),
  deflate: () => createDeflate({ flush: constants.Z_SYNC_FLUSH }),
  raw: () => createDeflateRaw({ flush: constants.Z_SYNC_FLUSH }),
  br: () => createBrotliCompress({ flush: constants.BROTLI_OPERATION_FLUSH }),
}

/** The frames compressed, each so that it can be unpacked when it has come. */
export async function packed(frames: readonly Frame[], { encoding }: Plan): Promise<readonly Frame[]> {
  if (encoding === undefined) return frames
  const packer = PACKERS[encoding]()
  const out: Frame[] = []
  let pieces: Buffer[] = []
  packer.on('data', (piece: Buffer) => pieces.push(piece))
  const take = (event: boolean): void => {
    out.push({ bytes: Buffer.concat(pieces), event })
    pieces = []
  }
  for (const { bytes, event } of frames) {
    await new Promise<unknown>((resolve) => packer.write(bytes, resolve))
    await new Promise<void>((resolve) => packer.flush(resolve))
    take(event)
  }
  await new Promise<void>((resolve) => packer.once('end', resolve).end())
  take(false)
  return out
}
