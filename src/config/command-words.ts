/** A command line as one text -> its words. No shell reads it: quotes and backslashes keep blanks together, and nothing else means anything. */

/** What only a shell would act on, outside of quotes. */
const SHELL = /[|&;<>`]|\$\(/

/** Throws an Error that says what is wrong with it. */
export function commandWords(line: string): string[] {
  const words: string[] = []
  let word: string | null = null
  let quote: '"' | "'" | null = null
  let bare = ''
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!
    if (quote !== null) {
      if (letter === quote) quote = null
      else if (letter === '\\' && quote === '"' && at + 1 < line.length) word = (word ?? '') + line[++at]!
      else word = (word ?? '') + letter
    } else if (letter === '"' || letter === "'") {
      quote = letter
      word ??= ''
    } else if (letter === '\\' && at + 1 < line.length) {
      // A line that goes on in the next one.
      if (line[++at] !== '\n') word = (word ?? '') + line[at]!
    } else if (/\s/.test(letter)) {
      if (word !== null) words.push(word)
      word = null
    } else {
      word = (word ?? '') + letter
      bare += letter
    }
  }
  if (quote !== null) throw new Error(`has a ${quote} that is not closed`)
  if (word !== null) words.push(word)
  const [found] = SHELL.exec(bare) ?? []
  if (found !== undefined)
    throw new Error(
      `has "${found}", which only a shell would act on, and no shell reads it; write [sh, -c, '...'] for one`,
    )
  if (words.length === 0) throw new Error('is empty; write a program and its arguments')
  return words
}
