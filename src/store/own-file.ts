/** A file of one's own among several processes that are configured alike: FILE, or FILE.2, and so on, the first that nobody else writes. */
import { constants } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { type Hold, holdFile } from './hold-file.ts'

const MOST = 16

export interface OwnFile {
  readonly path: string
  /** Null where the disk does not let it be held, or too many hold one. */
  readonly hold: Hold | null
}

/** A new one begins as a copy of the first. */
export async function ownFile(first: string): Promise<OwnFile> {
  for (let number = 1; number <= MOST; number++) {
    const path = number === 1 ? first : `${first}.${number}`
    const hold = await holdFile(path, false)
    if (typeof hold === 'string') continue
    if (number > 1) await copyFile(first, path, constants.COPYFILE_EXCL).catch(() => undefined)
    return { path, hold }
  }
  return { path: `${first}.${process.pid}`, hold: null }
}
