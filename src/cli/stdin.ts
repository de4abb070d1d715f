import type { Io } from './io.ts'

/** All of standard input, or of another stream of bytes. */
export async function readAll(stream: Io['stdin']): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const chunk of stream) pieces.push(Buffer.from(chunk))
  return Buffer.concat(pieces)
}
