/** Answers that their callers may ask for again, or go on from: each is its key's alone. Nothing of them is in a log, a metric or a name. */
import { hash } from 'node:crypto'
import { BoundedMap } from '../core/bounded-map.ts'
import type { AnswerPlace } from './places.ts'

/** Items whose answers are known. */
const MOST_ITEMS = 100_000

export class Answers {
  readonly #place: AnswerPlace
  /** Names of records by the names of their items: of this process. */
  readonly #items = new BoundedMap<string, string>(MOST_ITEMS)

  constructor(place: AnswerPlace) {
    this.#place = place
  }

  /** `owner`: the id of the key. */
  get(owner: string, id: string): Buffer | null | Promise<Buffer | null> {
    return this.#place.get(nameOf(owner, id))
  }

  /** The record that an item is in. */
  holding(owner: string, item: string): Buffer | null | Promise<Buffer | null> {
    const name = this.#items.get(nameOf(owner, item))
    return name === undefined ? null : this.#place.get(name)
  }

  keep(owner: string, { id, items, record }: { id: string; items: readonly string[]; record: Buffer }): void {
    const name = nameOf(owner, id)
    this.#place.put(name, record)
    for (const item of items) this.#items.renew(nameOf(owner, item), name)
  }

  /** False: there was none. */
  delete(owner: string, id: string): boolean | Promise<boolean> {
    return this.#place.delete(nameOf(owner, id))
  }

  close(): Promise<void> {
    return this.#place.close()
  }
}

const nameOf = (owner: string, id: string): string =>
  hash('sha256', `${Buffer.byteLength(owner)} ${owner} ${id}`, 'base64url')
