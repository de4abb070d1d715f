/** Bytes that hold the number of a request, in one place or several, and get another one written over it. */

/** All numbers have as many digits. */
export const FIRST_NUMBER = 10_000_000

export class Numbered {
  readonly #bytes: Buffer
  readonly #places: number[] = []

  /** `bytes` hold FIRST_NUMBER. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes
    const text = String(FIRST_NUMBER)
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) this.#places.push(at)
  }

  /** The same memory each time: copy it to keep it. */
  with(number: number): Buffer {
    const text = String(number)
    for (const place of this.#places) this.#bytes.write(text, place, 'latin1')
    return this.#bytes
  }
}
