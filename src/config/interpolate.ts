/** `${NAME}` and `${NAME:-default}` in texts of the parsed file: after parsing, so that no value can add YAML of its own. */
import { type Issue, pathText } from './issues.ts'

const REFERENCE = /\$\{([^}]*)\}/g
const NAME = /^([A-Za-z_]\w*)(?::-(.*))?$/s

/** Shorter values are words of messages as well, and no secrets. */
const SHORTEST_HIDDEN = 8

export class Interpolation {
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #issues: Issue[]
  /** Value -> the reference it came from. */
  readonly #shown = new Map<string, string>()

  /** Each reference that cannot be resolved becomes an issue. */
  constructor(env: Readonly<Record<string, string | undefined>>, issues: Issue[]) {
    this.#env = env
    this.#issues = issues
  }

  /** The value with all references replaced, in texts and not in names. */
  replace(value: unknown, path: readonly PropertyKey[] = []): unknown {
    if (typeof value === 'string')
      return value.replace(REFERENCE, (_, inside: string) => this.#resolve(inside, pathText(path)))
    if (Array.isArray(value)) return value.map((one, index) => this.replace(one, [...path, index]))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.replace(one, [...path, key])]))
  }

  /** A message with the names of the variables in the place of their values: any of them may be a secret. */
  conceal(message: string): string {
    let text = message
    for (const [value, reference] of [...this.#shown].sort(([a], [b]) => b.length - a.length))
      for (const form of [value, JSON.stringify(value).slice(1, -1)]) text = text.replaceAll(form, () => reference)
    return text
  }

  #resolve(inside: string, path: string): string {
    const match = NAME.exec(inside)
    const [, name = '', fallback] = match ?? []
    const set = this.#env[name] ?? ''
    const value = set === '' ? fallback : set
    if (match === null)
      // Not quoted: people paste keys between the brackets.
      this.#issues.push({ path, message: 'holds "${..}" without the name of a variable in it; write "${NAME}"' })
    else if (value === undefined)
      this.#issues.push({ path, message: `the variable ${name} is not set; set it, or write "\${${name}:-default}"` })
    if (value !== undefined && value.length >= SHORTEST_HIDDEN) this.#shown.set(value, `\${${name}}`)
    return value ?? ''
  }
}
