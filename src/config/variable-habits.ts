/** Variables as other files and shells write them. Here they would be plain texts, and a backend would be sent them as its key. */
import type { Issue } from './issues.ts'
import { pathText, valueAt } from './file-path.ts'

/** Each stands for the whole of a value: `$NAME`, `$(NAME)`, `%NAME%`, `{{ NAME }}`, `os.environ/NAME`, `env.NAME`, `env:NAME`. */
const FORMS: readonly RegExp[] = [
  /^\$([A-Z_][A-Z0-9_]*)$/,
  /^\$\(([A-Za-z_]\w*)\)$/,
  /^%([A-Z_][A-Z0-9_]+)%$/,
  /^\$?\{\{ ?(?:env\.|secrets\.)?([A-Za-z_]\w*) ?\}\}$/,
  /^os\.environ\/([A-Za-z_]\w*)$/,
  /^\$?env[.:/]([A-Za-z_]\w*)$/,
]
/** Within an address: `http://$HOST:8000`. */
const IN_ADDRESS = /^https?:\/\/[^\s$]*\$([A-Z_][A-Z0-9_]*)/

/** Of all texts of the file, names aside. */
export function variableHabits(written: unknown, path: readonly PropertyKey[] = []): Issue[] {
  if (typeof written === 'string') {
    const name = nameIn(written)
    if (name === null) return []
    return [{ path: pathText(path), message: `names a variable without braces; write "\${${name}}"` }]
  }
  if (typeof written !== 'object' || written === null) return []
  const entries: [PropertyKey, unknown][] = Array.isArray(written) ? [...written.entries()] : Object.entries(written)
  return entries.flatMap(([key, value]) => variableHabits(value, [...path, key]))
}

function nameIn(text: string): string | null {
  for (const form of FORMS) {
    const name = form.exec(text.trim())?.[1]
    if (name !== undefined) return name
  }
  return IN_ADDRESS.exec(text)?.[1] ?? null
}

/** The variable that is the key of a backend; null where the key is something else. */
export function keyVariable(written: unknown, backend: number): string | null {
  const key = valueAt(written, ['backends', backend, 'key'])
  return typeof key === 'string' ? (/^\$\{([A-Za-z_]\w*)(?::-[^}]*)?\}$/.exec(key)?.[1] ?? null) : null
}
