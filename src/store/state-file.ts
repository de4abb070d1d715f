/** A file of what outlives a restart: read at the start, written from time to time and at the end, whole or not at all. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { StateFileEvent, StoredName } from '../core/events.ts'
import { Occasionally } from '../core/occasionally.ts'

/** What is kept. */
export interface StoredState {
  readonly name: StoredName
  readonly everyMs: number
  /** Whether there is something to write; asked once before each writing. */
  changed(): boolean
  /** As it is now. */
  serialize(): object
  /** Takes over what an earlier run gave. Why it is of no use; null = it was. */
  restore(value: unknown): string | null
}

export class StateFile {
  readonly #path: string
  readonly #kept: StoredState
  readonly #emit: (event: StateFileEvent) => void
  readonly #failing = new Occasionally()
  #unwritten = false
  #failed = false
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(path: string, kept: StoredState, emit: (event: StateFileEvent) => void) {
    this.#path = path
    this.#kept = kept
    this.#emit = emit
  }

  /** Takes over what is there. A file that cannot be used is set aside beside it: it is worth a look. Never rejects. */
  async load(): Promise<void> {
    let text: string
    try {
      text = await readFile(this.#path, 'utf8')
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException
      if (code !== 'ENOENT')
        this.#emit({ event: `${this.#kept.name}_not_read`, file: this.#path, why: code ?? 'unknown error' })
      return
    }
    const why = this.#take(text)
    if (why === null) this.#emit({ event: `${this.#kept.name}_loaded`, file: this.#path })
    else {
      await rename(this.#path, `${this.#path}.unusable`).catch(() => undefined)
      this.#emit({ event: `${this.#kept.name}_set_aside`, file: `${this.#path}.unusable`, why })
    }
  }

  /** Writes where something has changed. */
  start(): void {
    this.#timer = setInterval(() => void this.save(), this.#kept.everyMs).unref()
  }

  /** Writes the last of it. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.save()
  }

  /** One writes at a time. Never rejects. */
  save(): Promise<void> {
    return (this.#writing = this.#writing.then(() => this.#write()))
  }

  async #write(): Promise<void> {
    if (!this.#kept.changed() && !this.#unwritten) return
    this.#unwritten = true
    const draft = `${this.#path}.${process.pid}.tmp`
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
      // One that a killed process of this id has left may be open to others.
      await rm(draft, { force: true })
      await writeFile(draft, JSON.stringify(this.#kept.serialize()), { flag: 'wx', mode: 0o600 })
      await rename(draft, this.#path)
      this.#unwritten = false
      if (this.#failed) this.#emit({ event: `${this.#kept.name}_written_again`, file: this.#path })
      this.#failed = false
      this.#failing.over()
    } catch (thrown) {
      this.#failed = true
      this.#notWritten((thrown as NodeJS.ErrnoException).code ?? 'unknown error')
    }
  }

  /** A disk that is full stays so for hours, and there is a try each second. */
  #notWritten(why: string): void {
    const more = this.#failing.due()
    if (more === null) return
    const event = { event: `${this.#kept.name}_not_written`, file: this.#path, why } as const
    this.#emit(more === 0 ? event : { ...event, more })
  }

  #take(text: string): string | null {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return 'is not JSON'
    }
    return this.#kept.restore(value)
  }
}
