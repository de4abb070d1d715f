/** What Redis has to be told, and could not be yet. In order, bounded. */

type Telling = () => Promise<unknown>

const MOST = 10_000
/** How many are under way at once while all is well. */
const AT_ONCE = 64

export class Backlog {
  readonly #waiting: Telling[] = []
  readonly #onLost: (count: number) => void
  readonly #onFailed: (thrown: unknown) => void
  readonly #underWay = new Set<Promise<void>>()
  /** The last one failed: the next try comes when somebody says so. */
  #stopped = false

  /** `onFailed`: one could not be told; it is tried again after `retry`. */
  constructor(onLost: (count: number) => void, onFailed: (thrown: unknown) => void) {
    this.#onLost = onLost
    this.#onFailed = onFailed
  }

  add(telling: Telling): void {
    if (this.#waiting.length >= MOST) {
      this.#waiting.shift()
      this.#onLost(1)
    }
    this.#waiting.push(telling)
    if (!this.#stopped) this.#next()
  }

  /** The store answers again. */
  retry(): void {
    if (!this.#stopped) return
    this.#stopped = false
    this.#next()
  }

  get idle(): boolean {
    return this.#waiting.length === 0 && this.#underWay.size === 0
  }

  /** Waits for those under way, and tries the rest once more. What still cannot be told then is lost. */
  async flush(): Promise<void> {
    this.#stopped = false
    this.#next()
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
    if (this.#waiting.length > 0) this.#onLost(this.#waiting.length)
  }

  #next(): void {
    while (!this.#stopped && this.#waiting.length > 0 && this.#underWay.size < AT_ONCE) {
      const telling = this.#waiting.shift()!
      const done = telling().then(
        () => undefined,
        (thrown: unknown) => {
          this.#stopped = true
          this.#waiting.unshift(telling)
          this.#onFailed(thrown)
        },
      )
      const tracked = done.then(() => {
        this.#underWay.delete(tracked)
        this.#next()
      })
      this.#underWay.add(tracked)
    }
  }
}
