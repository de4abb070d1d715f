/** Comma separated values with quoted fields, which may hold line breaks. */
import { BadData } from './bad-data.ts'
import { textOf } from './lines.ts'

/** Every row below the head as an object by the head's names. */
export function csvRows(file: string): Record<string, string>[] {
  const [head, ...rows] = fieldsOf(textOf(file))
  if (head === undefined) throw new BadData(`${file}: empty`)
  return rows.map((row, index) => {
    if (row.length !== head.length)
      throw new BadData(`${file}: row ${index + 1} has ${row.length} fields, the head has ${head.length}`)
    return Object.fromEntries(head.map((name, at) => [name, row[at]!]))
  })
}

/** The rows of a text, quotes resolved. Pure. */
export function fieldsOf(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  while (at < text.length) {
    let field = ''
    if (text[at] === '"') {
      for (;;) {
        const end = text.indexOf('"', at + 1)
        if (end < 0) return [...rows, [...row, field + text.slice(at + 1)]]
        field += text.slice(at + 1, end)
        at = end + 1
        if (text[at] !== '"') break
        field += '"'
      }
    }
    const start = at
    while (at < text.length && text[at] !== ',' && text[at] !== '\n') at++
    field += text.slice(start, at).replace(/\r$/, '')
    row.push(field)
    if (text[at] !== ',') {
      rows.push(row)
      row = []
    } else if (at + 1 === text.length) rows.push([...row, ''])
    at++
  }
  return rows
}
