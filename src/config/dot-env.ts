/** The text of a `.env` file -> its variables. Strict: what is no variable is an error, and is never quoted, as it may be a key. Pure. */
import { parseEnv } from 'node:util'
import { ConfigError, type Issue } from './issues.ts'

/** A blank line, a comment, or a variable: without quotes up to the end of the line, or in quotes, which may hold lines. */
const PIECE =
  /[ \t]*(?:#[^\n]*|(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(?:'[^']*'|"(?:[^"\\]|\\[^])*"|`[^`]*`|[^\s'"`#](?:[^\n#]*[^\s#])?)?[ \t]*(?:[ \t]#[^\n]*)?)?(?:\n|$)/y

/** `name`: of the file, for messages. Throws a ConfigError. */
export function dotEnvOf(text: string, name: string): Readonly<Record<string, string>> {
  const lines = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
  const seen = new Map<string, number>()
  const issues: Issue[] = []
  let at = 0
  while (at < lines.length) {
    const line = lines.slice(0, at).split('\n').length
    PIECE.lastIndex = at
    const piece = PIECE.exec(lines)
    if (piece === null) {
      issues.push({ path: `${name}:${line}`, message: NO_VARIABLE })
      const end = lines.indexOf('\n', at)
      at = end < 0 ? lines.length : end + 1
      continue
    }
    const variable = piece[1]
    const before = variable === undefined ? undefined : seen.get(variable)
    if (before !== undefined)
      issues.push({ path: `${name}:${line}`, message: `${variable} is in line ${before} already; write it once` })
    else if (variable !== undefined) seen.set(variable, line)
    at = PIECE.lastIndex
  }
  if (issues.length > 0) throw new ConfigError(issues)
  return parseEnv(lines) as Readonly<Record<string, string>>
}

const NO_VARIABLE = 'is no variable: write NAME=value, with quotes around a value that holds a "#" or a quote'
