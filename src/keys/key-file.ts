/** The file of keys: read whole, changed by one writer at a time, replaced at once. */
import { randomUUID } from 'node:crypto'
import { chown, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { pathText } from '../config/file-path.ts'
import { type FileLock, lockFile } from './lock.ts'
import { storedKey, type StoredKey } from './stored-key.ts'

/** The file cannot be read or written; the message goes on after its name. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError'
}

const VERSION = 1

const fileSchema = z
  .strictObject({ version: z.literal(VERSION), keys: z.array(storedKey) })
  .superRefine(({ keys }, context) => {
    const ids = new Set<string>()
    const hashes = new Set<string>()
    for (const [index, { id, secrets }] of keys.entries()) {
      const twice = ids.has(id) || secrets.some(({ hash }) => hashes.has(hash))
      if (twice) context.addIssue({ code: 'custom', path: ['keys', index], message: 'is there twice' })
      ids.add(id)
      for (const { hash } of secrets) hashes.add(hash)
    }
  })

/** What is there; that of a file without keys where there is none. Throws a KeyFileError. */
export async function readKeyText(path: string): Promise<KeyText> {
  try {
    const file = await open(path, 'r')
    try {
      const mode = modeOf((await file.stat()).mode)
      if ((mode & OTHERS_WRITE) !== 0) throw new KeyFileError(writableWords(path, mode))
      return { text: await file.readFile('utf8'), openMode: (mode & OTHERS_READ) === 0 ? null : octal(mode) }
    } finally {
      await file.close()
    }
  } catch (thrown) {
    if (thrown instanceof KeyFileError) throw thrown
    if (codeOf(thrown) === 'ENOENT') return { text: textOf([]), openMode: null }
    throw new KeyFileError(`cannot be read (${codeOf(thrown)})`)
  }
}

/** The text of a file of keys, and its mode where others than its owner can read it. */
export interface KeyText {
  readonly text: string
  readonly openMode: string | null
}

const OTHERS_WRITE = 0o022
const OTHERS_READ = 0o044

/** Windows has other rights than these, and makes them up. */
const modeOf = (mode: number): number => (process.platform === 'win32' ? 0o600 : mode & 0o777)

const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

/** Whoever can write the file can let anybody in. */
const writableWords = (path: string, mode: number): string =>
  `can be written by other users (mode ${octal(mode)}), who could add keys; run: chmod 600 ${path}`

/** Throws a KeyFileError. */
export function storedKeysOf(text: string): readonly StoredKey[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new KeyFileError('is not JSON')
  }
  const read = fileSchema.safeParse(value)
  if (read.success) return read.data.keys
  const [issue] = read.error.issues
  throw new KeyFileError(`is not a key file of version ${VERSION}: ${pathText(issue?.path ?? [])} is wrong`)
}

export const textOf = (keys: readonly StoredKey[]): string => `${JSON.stringify({ version: VERSION, keys }, null, 1)}\n`

/** What a file holds, in both forms. */
export interface KeyFile {
  readonly text: string
  readonly keys: readonly StoredKey[]
  /** As of its text. */
  readonly openMode: string | null
}

export async function readKeyFile(path: string): Promise<KeyFile> {
  const read = await readKeyText(path)
  return { ...read, keys: storedKeysOf(read.text) }
}

/** What a file of keys holds after `change`; nobody else changes it meanwhile. What `change` throws leaves it as it was. */
export async function changeKeyFile(
  path: string,
  change: (keys: readonly StoredKey[]) => readonly StoredKey[],
): Promise<KeyFile> {
  const lock = await lockOf(path)
  try {
    const keys = change((await readKeyFile(path)).keys)
    const text = textOf(keys)
    await replace(path, text, lock)
    return { text, keys, openMode: null }
  } finally {
    await lock.release()
  }
}

async function lockOf(path: string): Promise<FileLock> {
  let lock: FileLock | null
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    lock = await lockFile(`${path}.lock`)
  } catch (thrown) {
    throw new KeyFileError(`cannot be written (${codeOf(thrown)})`)
  }
  if (lock === null) throw new KeyFileError('is being changed by another process; try again')
  return lock
}

async function replace(path: string, text: string, lock: FileLock): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`
  let renamed = false
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await keepOwner(path, draft)
    if (!(await lock.held())) throw new KeyFileError('was changed by another process in the meantime; try again')
    await rename(draft, path)
    renamed = true
  } catch (thrown) {
    if (thrown instanceof KeyFileError) throw thrown
    throw new KeyFileError(`cannot be written (${codeOf(thrown)})`)
  } finally {
    if (!renamed) await rm(draft, { force: true })
  }
}

/** A file that root writes in a container stays readable for the gateway, which is somebody else there. */
async function keepOwner(path: string, draft: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await stat(path).catch(() => stat(dirname(path)))
  await chown(draft, uid, gid)
}

const codeOf = (thrown: unknown): string => (thrown as NodeJS.ErrnoException).code ?? 'unknown error'
