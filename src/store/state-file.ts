/** The file of what was learnt: read at the start, written from time to time and at the end, whole or not at all. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Lessons } from '../learn/lessons.ts'
import { restoreState, stateSchema, toState } from '../learn/state.ts'

/** What an operator should hear of it. */
export interface StateEvent {
  readonly event: 'state_loaded' | 'state_set_aside' | 'state_not_read' | 'state_not_written'
  readonly file: string
  readonly why?: string
}

const EVERY_MS = 60_000

export class StateFile {
  readonly #path: string
  readonly #lessons: Lessons
  readonly #tell: (event: StateEvent) => void
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(path: string, lessons: Lessons, tell: (event: StateEvent) => void) {
    this.#path = path
    this.#lessons = lessons
    this.#tell = tell
  }

  /** Takes over what is there. A file that cannot be used is set aside beside it: what was learnt is worth a look. Never rejects. */
  async load(): Promise<void> {
    let text: string
    try {
      text = await readFile(this.#path, 'utf8')
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException
      if (code !== 'ENOENT') this.#tell({ event: 'state_not_read', file: this.#path, why: code ?? 'unknown error' })
      return
    }
    const why = this.#take(text)
    if (why === null) this.#tell({ event: 'state_loaded', file: this.#path })
    else {
      await rename(this.#path, `${this.#path}.unusable`).catch(() => undefined)
      this.#tell({ event: 'state_set_aside', file: `${this.#path}.unusable`, why })
    }
  }

  /** Writes once a minute where something was learnt. */
  start(): void {
    this.#timer = setInterval(() => void this.save(), EVERY_MS).unref()
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
    if (!this.#lessons.changed) return
    this.#lessons.changed = false
    const draft = `${this.#path}.${process.pid}.tmp`
    try {
      await mkdir(dirname(this.#path), { recursive: true })
      await writeFile(draft, JSON.stringify(toState(this.#lessons)))
      await rename(draft, this.#path)
    } catch (thrown) {
      this.#lessons.changed = true
      this.#tell({
        event: 'state_not_written',
        file: this.#path,
        why: (thrown as NodeJS.ErrnoException).code ?? 'unknown error',
      })
    }
  }

  /** Why it is of no use; null = it was. */
  #take(text: string): string | null {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return 'is not JSON'
    }
    const read = stateSchema.safeParse(value)
    if (!read.success) return `is not of version 1: ${read.error.issues[0]?.path.join('.') ?? ''}`
    return restoreState(this.#lessons, read.data) ? null : 'was learnt with another classifier'
  }
}
