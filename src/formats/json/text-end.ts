/** Where a JSON text ends, in JSON that has one character for each byte. Pure. */

const QUOTE = '"'
const BACKSLASH = 0x5c

/** Where the JSON text ends whose first character is at `start`: the offset of its closing quote; the length of `data` where it has none. */
export function endOfText(data: string, start: number): number {
  let end = data.indexOf(QUOTE, start)
  while (end > start && isEscaped(data, end)) end = data.indexOf(QUOTE, end + 1)
  return end < 0 ? data.length : end
}

function isEscaped(data: string, at: number): boolean {
  let slashes = 0
  while (data.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++
  return slashes % 2 === 1
}
