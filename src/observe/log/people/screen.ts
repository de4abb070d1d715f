/** Text for a terminal: nothing in it can move the cursor, change a title or hide what stands beside it. */

/** What lines are made for. */
export interface Screen {
  /** Characters in a line, at this moment. */
  columns(): number
  readonly colour: boolean
}

/** A file, or whatever else has no width of its own. */
export const PLAIN_SCREEN: Screen = { columns: () => 100, colour: false }

const COLOURS = { dim: 2, bold: 1, red: 31, green: 32, yellow: 33, cyan: 36 } as const
export type Colour = keyof typeof COLOURS

/** Some text in one colour. */
export type Piece = string | readonly [colour: Colour, text: string]

/** Control characters, marks that turn the direction of text, halves of pairs, and what starts another line. */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/gu

/** Upstream text in one line, with a `?` for each character that a terminal does something else with than show it. */
export const shown = (text: string): string => text.replace(UNSAFE, '?')

/** What a terminal obeys, and what turns the direction of text: the rest that has no width is part of writing, as in many emoji. */
const OBEYED = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

/** Upstream text of several lines, in which nothing is obeyed. */
export const shownLines = (text: string): string => text.replace(OBEYED, '?')

/** Pieces as one safe text. */
export const painted = (pieces: readonly Piece[], colour: boolean): string =>
  pieces
    .map((piece) => {
      if (typeof piece === 'string') return shown(piece)
      const [name, text] = piece
      return colour && text.trim() !== '' ? `\x1b[${COLOURS[name]}m${shown(text)}\x1b[0m` : shown(text)
    })
    .join('')

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const widthOf = (character: string): number => (/\p{M}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1)

/** Columns that a text takes. */
export const width = (text: string): number => {
  let columns = 0
  for (const character of text) columns += widthOf(character)
  return columns
}

/** As much of it as fits, with `..` where something is missing. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text
  let kept = ''
  let left = columns - 2
  for (const character of text) {
    left -= widthOf(character)
    if (left < 0) break
    kept += character
  }
  return columns < 2 ? '' : `${kept}..`
}
