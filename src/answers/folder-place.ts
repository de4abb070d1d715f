/** Records in a folder, one file each, for this process alone: the oldest go where there would be too much. */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BoundedMap } from '../core/bounded-map.ts'
import { AMBIGUOUS, type AnswerPlace } from './places.ts'

const ENDING = '.json'
/** Nobody else on the machine may read prompts. */
const OWN_FILE = { mode: 0o600 }
const OWN_FOLDER = { recursive: true, mode: 0o700 }

export class FolderPlace implements AnswerPlace {
  readonly #folder: string
  readonly #most: number
  /** Sizes of the files, the oldest first. */
  readonly #sizes = new BoundedMap<string, number>(Infinity)
  /** What is on its way to the disk. */
  readonly #pending = new Map<string, Buffer>()
  #bytes = 0
  /** Of the last thing that is done on the disk. */
  #work: Promise<unknown> = Promise.resolve()

  private constructor(folder: string, most: number) {
    this.#folder = folder
    this.#most = most
  }

  /** Rejects where the folder cannot be made or read. */
  static async open(folder: string, most: number): Promise<FolderPlace> {
    const place = new FolderPlace(folder, most)
    await mkdir(folder, OWN_FOLDER)
    const files = (await readdir(folder)).filter((file) => file.endsWith(ENDING))
    const found = await Promise.all(
      files.map(async (file) => {
        const { size, mtimeMs } = await stat(join(folder, file))
        return { name: file.slice(0, -ENDING.length), size, mtimeMs }
      }),
    )
    for (const { name, size } of found.sort((a, b) => a.mtimeMs - b.mtimeMs)) place.#note(name, size)
    place.#trim()
    return place
  }

  async get(name: string): Promise<Buffer | null> {
    const size = this.#sizes.get(name)
    if (size === undefined || size === 0) return null
    const pending = this.#pending.get(name)
    if (pending !== undefined) return pending
    return readFile(this.#path(name)).catch(() => null)
  }

  put(name: string, record: Buffer): void {
    const kept = this.#sizes.has(name) ? AMBIGUOUS : record
    this.#forget(name)
    if (kept.length > this.#most) return
    this.#note(name, kept.length)
    this.#pending.set(name, kept)
    this.#later(async () => {
      if (this.#pending.get(name) !== kept) return
      // Half a file would be taken for an answer after a crash.
      const half = `${this.#path(name)}.part`
      await writeFile(half, kept, OWN_FILE)
      await rename(half, this.#path(name))
      if (this.#pending.get(name) === kept) this.#pending.delete(name)
    })
    this.#trim()
  }

  delete(name: string): boolean {
    const size = this.#sizes.get(name)
    if (size === undefined) return false
    this.#forget(name)
    this.#remove(name)
    return size > 0
  }

  async close(): Promise<void> {
    await this.#work
  }

  #note(name: string, size: number): void {
    this.#sizes.set(name, size)
    this.#bytes += size
  }

  #forget(name: string): void {
    this.#bytes -= this.#sizes.get(name) ?? 0
    this.#sizes.delete(name)
    this.#pending.delete(name)
  }

  #trim(): void {
    while (this.#bytes > this.#most) {
      const [oldest, size] = this.#sizes.shift()!
      this.#bytes -= size
      this.#pending.delete(oldest)
      this.#remove(oldest)
    }
  }

  #remove(name: string): void {
    this.#later(() => rm(this.#path(name), { force: true }))
  }

  /** One after the other: what is written and what is deleted of one name must not overtake each other. What fails is not kept. */
  #later(step: () => Promise<unknown>): void {
    this.#work = this.#work.then(step).catch(() => undefined)
  }

  #path(name: string): string {
    return join(this.#folder, `${name}${ENDING}`)
  }
}
