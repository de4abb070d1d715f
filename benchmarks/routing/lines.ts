/** Files of one JSON value a line, and values out of them, checked. */
import { readFileSync } from 'node:fs'
import { BadData } from './bad-data.ts'

export type Fields = Readonly<Record<string, unknown>>

/** The text of a data file. Throws a BadData that names it where it cannot be read. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    throw new BadData(
      code === 'ENOENT' ? `${file}: no such file` : `${file}: cannot be read (${code ?? (thrown as Error).message})`,
    )
  }
}

/** The JSON object of a whole file. */
export function objectOf(file: string): Fields {
  let value: unknown
  const text = textOf(file)
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    throw new BadData(`${file}: not JSON (${(thrown as Error).message})`)
  }
  return fieldsAt(value, file)
}

/**
 * Each non-empty line's object with `where`, "file:line", for messages. Lines end with \n and nothing else: the texts hold
 * U+2028 and its like.
 */
export function* objectLines(file: string): Generator<{ readonly where: string; readonly fields: Fields }> {
  for (const [index, line] of textOf(file).split('\n').entries()) {
    if (line.trim() === '') continue
    const where = `${file}:${index + 1}`
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch (thrown) {
      throw new BadData(`${where}: not JSON (${(thrown as Error).message})`)
    }
    yield { where, fields: fieldsAt(value, where) }
  }
}

/** The value as an object. */
export function fieldsAt(value: unknown, where: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new BadData(`${where}: must be an object, is ${kindOf(value)}`)
}

/** The field's text. */
export function textAt(fields: Fields, field: string, where: string): string {
  const value = fields[field]
  if (typeof value === 'string') return value
  throw new BadData(`${where}: ${field} must be a text, is ${kindOf(value)}`)
}

/** The field's number, at least 0 and at most `most`. */
export function numberAt(fields: Fields, field: string, where: string, path = field, most = Infinity): number {
  const value = fields[field]
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= most) return value
  const wanted = most === Infinity ? 'a number of 0 or more' : `a number from 0 to ${most}`
  throw new BadData(`${where}: ${path} must be ${wanted}, is ${kindOf(value)}`)
}

/** The same, or null where the field is null or missing. */
export function optionalNumberAt(fields: Fields, field: string, where: string, path = field): number | null {
  const value = fields[field]
  return value === null || value === undefined ? null : numberAt(fields, field, where, path)
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'number' ? String(value) : typeof value === 'string' ? 'a text' : `of type ${typeof value}`
}
