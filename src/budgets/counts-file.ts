/** The file of what this process has counted of budgets: beside the ledger, which has what came after it was written. */
import { join } from 'node:path'
import { ConfigError } from '../config/issues.ts'
import type { StateFileEvent } from '../core/events.ts'
import { type Hold, holdFile } from '../store/hold-file.ts'
import { StateFile } from '../store/state-file.ts'
import type { MemoryLimiter } from './memory.ts'
import { storedCounts } from './snapshot.ts'

export interface CountsFileTools {
  /** Number of the last row of the ledger. */
  readonly seq: () => number
  readonly emit: (event: StateFileEvent) => void
}

/** `folder`: of the ledger. */
export const countsPath = (folder: string): string => join(folder, 'budgets.json')

export class CountsFile {
  readonly #folder: string
  readonly #path: string
  readonly #file: StateFile
  #hold: Hold | null = null
  /** Number of the last row of the ledger that is in the counts; 0 before `load`, and where there was no file. */
  counted = 0

  /** `folder`: of the ledger. */
  constructor(folder: string, limiter: MemoryLimiter, { seq, emit }: CountsFileTools) {
    this.#folder = folder
    this.#path = countsPath(folder)
    const counts = storedCounts(limiter, { seq, loaded: (last) => (this.counted = last) })
    this.#file = new StateFile(this.#path, counts, emit)
  }

  /**
   * Keeps others from counting into the file; may be called again. Two gateways that count alone into one file would each undo
   * what the other has counted, and spend each budget twice: throws a ConfigError where another one does.
   */
  async hold(): Promise<void> {
    if (this.#hold !== null) return
    const hold = await holdFile(this.#path)
    if (typeof hold !== 'string') {
      this.#hold = hold
      return
    }
    const message =
      `budgets are counted into ${this.#folder} by another gateway, ${hold}, and each of the two would spend all of them; ` +
      'give each gateway a folder of its own, or let them count together with store.redis'
    throw new ConfigError([{ path: 'store.ledger', message }])
  }

  /** Takes over what an earlier run had counted. Never rejects. */
  load(): Promise<void> {
    return this.#file.load()
  }

  /** Writes from time to time what has changed. */
  start(): void {
    this.#file.start()
  }

  /** Writes the last of it. */
  stop(): Promise<void> {
    return this.#file.stop()
  }

  /** Others may count into it. The ledger must be written by then: what is in neither would be spent again. */
  async release(): Promise<void> {
    await this.#hold?.release()
    this.#hold = null
  }
}
