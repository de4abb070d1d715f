/** Rows of all tables of a text, their cells in one form however wide the columns are; without heads' rules. */
export const cellsOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[ |:-]*$/.test(line))
    .map((line) => line.replace(/ +/g, ' ').trim())

/** The cells of the table between two markers of a document, without its head; throws where the markers are not there. */
export function readTable(text: string, name: string): string[][] {
  const block = new RegExp(`<!-- ${name} -->\\n([^]*?)<!-- /${name} -->`).exec(text)?.[1]
  if (block === undefined) throw new Error(`no document has <!-- ${name} --> .. <!-- /${name} -->`)
  return cellsOf(block)
    .slice(1)
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split('|')
        .map((cell) => cell.trim()),
    )
}
