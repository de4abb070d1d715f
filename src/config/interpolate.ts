/** `${NAME}` and `${NAME:-default}` in texts of the parsed file: after parsing, so that no value can add YAML of its own. */
import { type Issue, pathText } from './issues.ts'

const REFERENCE = /\$\{([^}]*)\}/g
const NAME = /^([A-Za-z_]\w*)(?::-(.*))?$/s

/** The value with all references replaced; each one that cannot be is an issue. */
export function interpolate(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
  issues: Issue[],
  path: readonly PropertyKey[] = [],
): unknown {
  if (typeof value === 'string') return replace(value, env, issues, path)
  if (Array.isArray(value)) return value.map((one, index) => interpolate(one, env, issues, [...path, index]))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, interpolate(one, env, issues, [...path, key])]),
  )
}

function replace(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  issues: Issue[],
  path: readonly PropertyKey[],
): string {
  return text.replace(REFERENCE, (whole, inside: string) => {
    const match = NAME.exec(inside)
    if (match === null) {
      issues.push({
        path: pathText(path),
        message: `"${whole}" is not a reference; write "\${NAME}" or "\${NAME:-default}"`,
      })
      return ''
    }
    const [, name = '', fallback] = match
    const value = env[name]
    if (value !== undefined && (value !== '' || fallback === undefined)) return value
    if (fallback !== undefined) return fallback
    issues.push({
      path: pathText(path),
      message: `the variable ${name} is not set; set it, or write "\${${name}:-default}"`,
    })
    return ''
  })
}
