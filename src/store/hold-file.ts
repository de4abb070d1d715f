/**
 * One process at a time writes a file: two would undo what the other has written. Beside the file lies a note of its holder,
 * `FILE.lock`. A holder that was killed leaves its note: here, where processes can be seen, it is known at once by its number and start; from another
 * machine or container by the note, which a living holder touches every second.
 */
import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { isThere, placeOfProcesses, startOf } from './processes.ts'

const TOUCH_MS = 1_000
/** A holder elsewhere that has not touched its note for so long is gone. */
const GONE_MS = 10_000
/** For one that is about to end, and for one elsewhere that may be gone. */
const PATIENCE_MS = { here: 3_000, elsewhere: GONE_MS + 2 * TOUCH_MS }
const LOOK_MS = 100

export interface Hold {
  release(): Promise<void>
}

const note = z.object({
  token: z.string(),
  pid: z.int(),
  /** When the process started, as its system counts; '' = unknown. */
  started: z.string(),
  /** Where numbers of processes mean the same. */
  place: z.string(),
  host: z.string(),
})
type Note = z.output<typeof note>

/** By this process. */
const own = new Set<string>()

/** Null where the disk does not let it be known: a gateway starts without its disk as well. A text: who holds it. `patient` false: without a wait. */
export async function holdFile(path: string, patient = true): Promise<Hold | string | null> {
  const lock = `${path}.lock`
  const startedAt = performance.now()
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const mine = await noteOfMine()
    for (;;) {
      if (await made(lock, mine)) return holding(lock, mine.token)
      const text = await textOf(lock)
      const holder = text === null ? null : readNote(text)
      if (text === null) continue
      const here = holder !== null && holder.place === mine.place
      if (here ? !(await isAlive(holder)) : await isGone(lock, mine.token)) {
        await takeAway(lock, text)
        continue
      }
      const patience = PATIENCE_MS[here ? 'here' : 'elsewhere']
      if (!patient || performance.now() - startedAt > patience || (holder !== null && own.has(holder.token)))
        return holder === null ? `a process that left no name in ${lock}` : `process ${holder.pid} on ${holder.host}`
      await sleep(LOOK_MS)
    }
  } catch {
    return null
  }
}

async function noteOfMine(): Promise<Note> {
  const place = await placeOfProcesses()
  return { token: randomUUID(), pid: process.pid, started: await startOf(process.pid), place, host: hostname() }
}

async function isAlive({ pid, started, token }: Note): Promise<boolean> {
  if (pid === process.pid) return own.has(token)
  if (!isThere(pid)) return false
  const now = await startOf(pid)
  return now === '' || started === '' || now === started
}

/** Compared with a file that is written now: clocks of file systems may be others than ours. */
async function isGone(lock: string, token: string): Promise<boolean> {
  const probe = `${lock}.${token}`
  try {
    await writeFile(probe, '', { mode: 0o600 })
    const [now, then] = await Promise.all([stat(probe), stat(lock)])
    return now.mtimeMs - then.mtimeMs > GONE_MS
  } finally {
    await rm(probe, { force: true })
  }
}

/** Whole or not at all, and only where there is none: a file that is half written would be nobody's. */
async function made(lock: string, mine: Note): Promise<boolean> {
  const draft = `${lock}.${mine.token}`
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600 })
  try {
    await link(draft, lock)
    own.add(mine.token)
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw thrown
  } finally {
    await rm(draft, { force: true })
  }
}

function holding(lock: string, token: string): Hold {
  const isMine = async (): Promise<boolean> => ((await textOf(lock)) ?? '').includes(token)
  const touch = setInterval(() => {
    const now = new Date()
    void utimes(lock, now, now).catch(() => undefined)
  }, TOUCH_MS).unref()
  return {
    async release() {
      clearInterval(touch)
      if (await isMine()) await rm(lock, { force: true })
      own.delete(token)
    },
  }
}

/** Of several who find it left behind, one takes it away; who took a new one by mistake gives it back. */
async function takeAway(lock: string, left: string): Promise<void> {
  const aside = `${lock}.${randomUUID()}`
  const moved = await rename(lock, aside).then(
    () => true,
    () => false,
  )
  if (!moved) return
  if ((await textOf(aside)) !== left) await link(aside, lock).catch(() => undefined)
  await rm(aside, { force: true })
}

function readNote(text: string): Note | null {
  try {
    return note.parse(JSON.parse(text))
  } catch {
    return null
  }
}

const textOf = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null)
