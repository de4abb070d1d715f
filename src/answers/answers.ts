/** Answers that their callers may ask for again, or go on from: each is its key's alone. Nothing of them is in a log, a metric or a name. */
import { hash } from 'node:crypto'
import type { AnswerPlace } from './places.ts'

export class Answers {
  readonly #place: AnswerPlace

  constructor(place: AnswerPlace) {
    this.#place = place
  }

  /** `owner`: the id of the key. Rejects with `answer_store_unavailable`, as all that ask do. */
  get(owner: string, id: string): Buffer | null | Promise<Buffer | null> {
    return this.#place.get(nameOf(owner, id))
  }

  /** The record that an item is in. */
  async holding(owner: string, item: string): Promise<Buffer | null> {
    const name = await this.#place.get(itemName(owner, item))
    return name === null ? null : this.#place.get(name.toString('latin1'))
  }

  keep(owner: string, { id, items, record }: { id: string; items: readonly string[]; record: Buffer }): void {
    const name = nameOf(owner, id)
    this.#place.put(name, record)
    // In the same place, so that whoever can read the answer finds its items: after a restart, in another gateway.
    for (const item of new Set(items)) this.#place.put(itemName(owner, item), Buffer.from(name, 'latin1'))
  }

  /** False: there was none. */
  delete(owner: string, id: string): boolean | Promise<boolean> {
    return this.#place.delete(nameOf(owner, id))
  }

  close(): Promise<void> {
    return this.#place.close()
  }
}

const nameOf = (owner: string, id: string): string => hash('sha256', ownersOf(owner, id), 'base64url')
/** Begins with no number, so that no answer has this name. */
const itemName = (owner: string, id: string): string => hash('sha256', `item ${ownersOf(owner, id)}`, 'base64url')
const ownersOf = (owner: string, id: string): string => `${Buffer.byteLength(owner)} ${owner} ${id}`
