/** A file that only one process at a time may have made: who made it may change what it stands for. */
import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** A change takes milliseconds: a lock that stays the same for so long belongs to a process that was killed. */
const ABANDONED_MS = 5_000
const PATIENCE_MS = 15_000

export interface FileLock {
  /** False: it was taken away, because its holder stood still for too long. */
  held(): Promise<boolean>
  release(): Promise<void>
}

/** Null where others hold it for too long. Rejects where it cannot be made at all. */
export async function lockFile(path: string): Promise<FileLock | null> {
  const token = randomUUID()
  const startedAt = performance.now()
  let seen: { readonly by: string | null; readonly since: number } = { by: null, since: startedAt }
  while (performance.now() - startedAt < PATIENCE_MS) {
    if (await made(path, token)) return lockOf(path, token)
    const holder = await textOf(path)
    const now = performance.now()
    // Measured here, by waiting: clocks of a file system may be others.
    if (holder !== seen.by) seen = { by: holder, since: now }
    else if (holder !== null && now - seen.since > ABANDONED_MS) await takeAway(path, holder)
    await sleep(5 + Math.random() * 20)
  }
  return null
}

const lockOf = (path: string, token: string): FileLock => {
  const held = async (): Promise<boolean> => (await textOf(path)) === token
  const release = async (): Promise<void> => {
    if (await held()) await rm(path, { force: true })
  }
  return { held, release }
}

async function made(path: string, token: string): Promise<boolean> {
  try {
    await writeFile(path, token, { flag: 'wx', mode: 0o600 })
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw thrown
  }
}

/** Of several who find it abandoned, one takes it away; who took a new one by mistake gives it back. */
async function takeAway(path: string, holder: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  )
  if (!moved) return
  if ((await textOf(aside)) !== holder) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}

const textOf = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null)
