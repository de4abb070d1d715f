/**
 * A note on the disk for each engine that runs, so that what a killed gateway has left is found by the next one. One file for each port, with
 * what tells a process from another that has its number by now: nothing is ended that is not surely the engine of before.
 */
import { createHash } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { placeOfProcesses, startOf } from '../../store/processes.ts'
import { endGroup } from './end-group.ts'

const named = z.object({ pid: z.int().min(2), started: z.string() })
const note = z.object({
  /** The engine: the first of its group. */
  engine: named,
  gateway: named,
  place: z.string(),
  /** Hash of its command, which may hold a key. */
  command: z.string(),
  port: z.string(),
})
type Note = z.output<typeof note>

/** An engine that was left behind, and what became of it. */
export interface LeftOver {
  readonly port: string
  readonly pid: number
  /** `kept`: the gateway that started it lives. */
  readonly fate: 'ended' | 'kept'
}

/** Beside the file of what was learnt; where there is none, in the folder of this user for what is temporary. */
export const notesFolder = (state: string | null): string =>
  state === null ? join(tmpdir(), `turnout-engines-${process.getuid?.() ?? 0}`) : join(dirname(state), 'engines')

export class Notes {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** An engine runs from now on. Never rejects: an engine is of use without its note. */
  async write(port: string, pid: number, command: readonly string[]): Promise<void> {
    try {
      if (!(await this.#isOwn(true))) return
      const mine: Note = {
        engine: { pid, started: await startOf(pid) },
        gateway: { pid: process.pid, started: await startOf(process.pid) },
        place: await placeOfProcesses(),
        command: createHash('sha256').update(command.join('\0')).digest('hex'),
        port,
      }
      await writeFile(this.#path(port), JSON.stringify(mine), { mode: 0o600 })
    } catch {
      // A disk that cannot be written.
    }
  }

  async remove(port: string): Promise<void> {
    await rm(this.#path(port), { force: true }).catch(() => undefined)
  }

  /** Ends what gateways that are gone have left. Takes as long as the slowest of them needs. */
  async endLeftOvers(): Promise<LeftOver[]> {
    if (!(await this.#isOwn(false))) return []
    const files = await readdir(this.#folder).catch(() => [])
    const found = files.filter((name) => /^\d+\.json$/.test(name)).map((name) => this.endLeftOver(name.slice(0, -5)))
    return (await Promise.all(found)).filter((one) => one !== null)
  }

  /** The same for the engine of one port; null: none is there. */
  async endLeftOver(port: string): Promise<LeftOver | null> {
    const left = await this.#read(port)
    if (left === null) return null
    const here = left.place === (await placeOfProcesses())
    if (!here || !(await isStill(left.engine))) {
      await this.remove(port)
      return null
    }
    const { pid } = left.engine
    if (await isStill(left.gateway)) return { port, pid, fate: 'kept' }
    await endGroup(pid)
    await this.remove(port)
    return { port, pid, fate: 'ended' }
  }

  async #read(port: string): Promise<Note | null> {
    try {
      return note.parse(JSON.parse(await readFile(this.#path(port), 'utf8')))
    } catch {
      return null
    }
  }

  /** Notes say what is ended: those of somebody else are not read. */
  async #isOwn(make: boolean): Promise<boolean> {
    if (make) await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const found = await lstat(this.#folder).catch(() => null)
    return found !== null && found.isDirectory() && found.uid === (process.getuid?.() ?? found.uid)
  }

  #path(port: string): string {
    return join(this.#folder, `${port}.json`)
  }
}

/** Where its start is unknown it may be another one. */
async function isStill({ pid, started }: z.output<typeof named>): Promise<boolean> {
  return started !== '' && (await startOf(pid)) === started
}
