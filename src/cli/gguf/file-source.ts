/** A GGUF on the disk. */
import { open } from 'node:fs/promises'
import { GgufError } from '../../gguf/gguf-error.ts'
import type { GgufSource } from '../../gguf/source.ts'

/** Throws a GgufError. */
export async function fileSource(path: string): Promise<GgufSource> {
  try {
    const file = await open(path, 'r')
    const stats = await file.stat()
    if (!stats.isFile()) {
      await file.close()
      throw new GgufError('it is not a file')
    }
    return {
      name: path,
      size: stats.size,
      read: async (from, length) => {
        const bytes = new Uint8Array(Math.max(0, Math.min(length, stats.size - from)))
        let at = 0
        while (at < bytes.length) {
          const { bytesRead } = await file.read(bytes, at, bytes.length - at, from + at)
          if (bytesRead === 0) break
          at += bytesRead
        }
        return bytes.subarray(0, at)
      },
      close: () => file.close(),
    }
  } catch (thrown) {
    if (thrown instanceof GgufError) throw thrown
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
    throw new GgufError(WORDS[code] ?? `it cannot be read (${code})`)
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
}
