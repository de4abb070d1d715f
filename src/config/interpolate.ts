/** `${NAME}` and `${NAME:-default}` in texts of the parsed file: after parsing, so that no value can add YAML of its own. */
import { isScalar, parseDocument } from 'yaml'
import { pathText } from './file-path.ts'
import { type Issue } from './issues.ts'

/** `$${` stands for the two characters; a `${` without an end is found too, to be refused. */
const REFERENCE = /\$\$\{|\$\{([^}]*)\}|\$\{/g
const ONE_REFERENCE = /^\$\{[^}]*\}$/
const NAME = /^([A-Za-z_]\w*)(?::-(.*))?$/s

/** `${..}` and nothing else: such a text can stand for a number as well. */
export const isReference = (text: unknown): text is string => typeof text === 'string' && ONE_REFERENCE.test(text)

/** The number, or true or false, that YAML reads in a text; the text itself where it reads none. */
export function scalarOf(text: string): string | number | boolean {
  const { contents, errors } = parseDocument(text, { prettyErrors: false })
  const value = errors.length === 0 && isScalar(contents) ? contents.value : text
  return typeof value === 'number' || typeof value === 'boolean' ? value : text
}

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
      return value.replace(REFERENCE, (found: string, inside: string | undefined) =>
        found === '$${' ? '${' : this.#resolve(inside, pathText(path)),
      )
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

  /** Nothing between the brackets is quoted but a name: people paste keys there. */
  #resolve(inside: string | undefined, path: string): string {
    const [, name = '', fallback] = NAME.exec(inside ?? '') ?? []
    const set = this.#env[name]
    const value = set === undefined || set === '' ? fallback : set
    const wrong =
      inside === undefined
        ? 'contains "${" without a "}"; write "${NAME}", or "$${" for the two characters'
        : name === ''
          ? 'contains "${..}" without the name of a variable in it; write "${NAME}", or "$${" for the two characters'
          : fallback?.includes('${') === true
            ? 'contains a "${..}" inside another, which is not supported; write one'
            : value === undefined
              ? `the variable ${name} is ${set === undefined ? 'not set' : 'empty'}; set it, or write "\${${name}:-default}"`
              : null
    if (wrong !== null) this.#issues.push({ path, message: wrong })
    if (value !== undefined && value.length >= SHORTEST_HIDDEN) this.#shown.set(value, `\${${name}}`)
    return value ?? ''
  }
}

export interface UnsetVariable {
  /** Of the value that needs it. */
  readonly path: string
  readonly name: string
}

/** Variables without a value and without a default, wherever a value needs one. */
export function unsetIn(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
  path: readonly PropertyKey[] = [],
): UnsetVariable[] {
  if (typeof value === 'string')
    return [...value.matchAll(REFERENCE)].flatMap(([, inside]) => {
      const [, name, fallback] = NAME.exec(inside ?? '') ?? []
      const isUnset = name !== undefined && fallback === undefined && (env[name] ?? '') === ''
      return isUnset ? [{ path: pathText(path), name }] : []
    })
  if (typeof value !== 'object' || value === null) return []
  const entries = Array.isArray(value) ? value.map((one: unknown, at) => [at, one] as const) : Object.entries(value)
  return entries.flatMap(([key, one]: readonly [PropertyKey, unknown]) => unsetIn(one, env, [...path, key]))
}
