type Row = readonly string[]

/**
 * Columns as wide as their widest cell, the last one as it comes. Ends with a line end. `width`: columns that do not fit into so many
 * characters stand below each row, with their names.
 */
export function table(head: Row, rows: readonly Row[], width = Infinity): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  const fitting = fittingColumns(widths, width)
  const line = (row: Row): string => {
    const cells = row.slice(0, fitting).map((cell, column) => cell.padEnd(widths[column] ?? 0))
    return `${cells.join(GAP).trimEnd()}\n`
  }
  const below = (row: Row): string =>
    lines(
      row.slice(fitting).map((cell, at) => `${head[fitting + at] ?? ''} ${cell}`),
      width,
    )
  return line(head) + rows.map((row) => line(row) + below(row)).join('')
}

const GAP = '  '
const INDENT = ' '.repeat(4)

/** At least one. */
function fittingColumns(widths: readonly number[], width: number): number {
  let end = 0
  const over = widths.findIndex((own, column) => {
    end += own + (column === 0 ? 0 : GAP.length)
    return end > width
  })
  return over < 0 ? widths.length : Math.max(1, over)
}

/** As many on a line as fit. */
function lines(parts: readonly string[], width: number): string {
  const all: string[] = []
  for (const part of parts) {
    const last = all.at(-1)
    if (last !== undefined && last.length + GAP.length + part.length <= width) all[all.length - 1] = last + GAP + part
    else all.push(INDENT + part)
  }
  return all.map((text) => `${text}\n`).join('')
}
