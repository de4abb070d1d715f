/** Whether a process may write into a folder, found out without writing there. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface Blocked {
  /** `EACCES`, `EPERM`, `EROFS`, or `ENOTDIR`: it is a file. */
  readonly code: string
  /** The folder itself, or the nearest one above it that is there. */
  readonly at: string
}

/** Null: it may, or may make it first. A disk that is full or away is no block: such things pass. */
export async function blocked(folder: string): Promise<Blocked | null> {
  const at = await nearest(folder)
  if (!(await stat(at).catch(() => null))?.isDirectory()) return { code: 'ENOTDIR', at }
  const code = await access(at, constants.W_OK | constants.X_OK).then(
    () => null,
    (thrown: unknown) => (thrown as NodeJS.ErrnoException).code ?? '',
  )
  return code !== null && LASTING.includes(code) ? { code, at } : null
}

const LASTING: readonly string[] = ['EACCES', 'EPERM', 'EROFS']

/** The path itself, or what is there of the way to it. */
async function nearest(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  return isThere || path === dirname(path) ? path : nearest(dirname(path))
}
