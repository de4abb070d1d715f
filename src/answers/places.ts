/** Where records of answers lie. Names tell nothing of what they name. */
export interface AnswerPlace {
  /** Null: there is none of this name. Rejects with `answer_store_unavailable` where that cannot be known now. */
  get(name: string): Buffer | null | Promise<Buffer | null>
  /** Whether it is there is known at once to whoever asks this place. A second record of a name makes both unknown: `get` gives neither. */
  put(name: string, record: Buffer): void
  /** False: there was none. Rejects as `get` does. */
  delete(name: string): boolean | Promise<boolean>
  /** What is still to be written is written. */
  close(): Promise<void>
}

/** In place of two records of one name: some engines draw ids from a few. */
export const AMBIGUOUS = Buffer.alloc(0)
