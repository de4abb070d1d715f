import { Writable } from 'node:stream'
import type { Io } from './io.ts'

const CHUNK_CHARACTERS = 64 * 1024

/** Much text to standard output, no faster than it is read. A reader that leaves ends it quietly. */
export class Outflow {
  readonly #to: Io['stdout']
  #held = ''
  #gone = false
  #wake: () => void = () => undefined

  constructor(to: Io['stdout']) {
    this.#to = to
    if (!(to instanceof Writable)) return
    const leave = (): void => {
      this.#gone = true
      this.#wake()
    }
    to.on('error', leave)
    to.on('close', leave)
    to.on('drain', () => this.#wake())
  }

  /** Nobody reads any more. */
  get gone(): boolean {
    return this.#gone
  }

  async write(text: string): Promise<void> {
    this.#held += text
    if (this.#held.length >= CHUNK_CHARACTERS) await this.flush()
  }

  /** Resolves when there is room for more. */
  async flush(): Promise<void> {
    const text = this.#held
    this.#held = ''
    if (this.#gone || text === '') return
    const room = new Promise<void>((resolve) => (this.#wake = resolve))
    if (this.#to.write(text) === false && this.#to instanceof Writable && !this.#gone) await room
  }
}
