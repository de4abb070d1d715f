import { table } from './table.ts'

const COLUMNS = 80
const GAP = 2
/** A name that is cut shorter says nothing. */
const SHORTEST = 6

/** A table whose names are cut as far as it takes to fit into 80 columns. `names`: how many of the first columns are names. */
export function fittedTable(head: readonly string[], rows: readonly (readonly string[])[], names: number): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const tooWide = (): boolean => widths.reduce((sum, width) => sum + width + GAP, -GAP) > COLUMNS
  while (tooWide()) {
    const widest = Math.max(...widths.slice(0, names))
    if (widest <= SHORTEST) break
    widths[widths.indexOf(widest)] = widest - 1
  }
  const cut = (row: readonly string[]): string[] =>
    row.map((cell, column) => (column < names ? shortened(cell, widths[column]!) : cell))
  return table(cut(head), rows.map(cut))
}

const shortened = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest - 1)}…`
