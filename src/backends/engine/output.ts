/** What an engine prints -> lines: short ones, not too many, and without the secrets that it was given. */

const LONGEST = 2_000
/** Lines in a second; the others are counted. */
const MOST = 100
const SECOND_MS = 1_000
/** The last ones of a start, for whoever looks why it failed. */
const KEPT = 8

export interface OutputTools {
  readonly now: () => number
  /** `left`: lines before it that were left out. */
  readonly line: (text: string, left: number) => void
  /** Never to be shown. */
  readonly secrets: readonly string[]
}

export class Output {
  readonly #tools: OutputTools
  readonly #secrets: readonly string[]
  readonly #rest = ['', '']
  readonly #last: string[] = []
  #second = -Infinity
  #lines = 0
  #left = 0

  constructor(tools: OutputTools) {
    this.#tools = tools
    this.#secrets = tools.secrets.filter((secret) => secret.length >= 8)
  }

  /** `from`: 0 standard output, 1 standard error; each has lines of its own. */
  push(from: 0 | 1, text: string): void {
    // A progress bar writes over its line.
    const parts = `${this.#rest[from] ?? ''}${text}`.split(/[\r\n]+/)
    this.#rest[from] = parts.pop()!.slice(0, LONGEST)
    for (const part of parts) this.#line(part)
  }

  /** The last lines of all, the oldest first. */
  get last(): readonly string[] {
    const rest = this.#rest.map((text) => this.#shown(text)).filter((text) => text !== '')
    return [...this.#last, ...rest].slice(-KEPT)
  }

  #line(text: string): void {
    const shown = this.#shown(text)
    if (shown === '') return
    this.#last.push(shown)
    if (this.#last.length > KEPT) this.#last.shift()
    const now = this.#tools.now()
    if (now - this.#second >= SECOND_MS) {
      this.#second = now
      this.#lines = 0
    }
    if (++this.#lines > MOST) {
      this.#left++
      return
    }
    this.#tools.line(shown, this.#left)
    this.#left = 0
  }

  #shown(text: string): string {
    let shown = text.trimEnd()
    for (const secret of this.#secrets) shown = shown.replaceAll(secret, '***')
    // Colours of terminals, and what else would move in one, are no text.
    return shown.replace(COLOURS, '').replace(CONTROLS, '').slice(0, LONGEST)
  }
}

const COLOURS = /\u{1b}\[[\d;]*[A-Za-z]/gu
const CONTROLS = /\p{Cc}/gu
