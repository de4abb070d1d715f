/** A command line as one text -> its words. No shell reads it: quotes and backslashes keep blanks together, and nothing else means anything. */

/** A part of a word, blanks between words, or a quote that is not closed. */
const PART = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.|\n)|(\s+)|([^\s'"\\]+)|(["'\\])/gsy
/** What only a shell would act on. */
const SHELL = /[|&;<>`]|\$\(/

/** Throws an Error that says what is wrong with it. */
export function commandWords(line: string): string[] {
  const words: string[] = []
  let word: string | null = null
  for (const [whole, single, double, escaped, blank, bare, open] of line.matchAll(PART)) {
    if (open !== undefined) throw new Error(`has a ${open} that ${open === '\\' ? 'ends it' : 'is not closed'}`)
    // A line that goes on in the next one.
    if (whole === '\\\n') continue
    if (blank !== undefined) {
      if (word !== null) words.push(word)
      word = null
      continue
    }
    if (bare !== undefined) refuseShell(bare)
    word = (word ?? '') + (single ?? double?.replace(/\\(.)/gs, '$1') ?? escaped ?? bare ?? '')
  }
  if (word !== null) words.push(word)
  if (words.length === 0) throw new Error('is empty; write a program and its arguments')
  return words
}

function refuseShell(bare: string): void {
  const [found] = SHELL.exec(bare) ?? []
  if (found === undefined) return
  throw new Error(
    `has "${found}", which only a shell would act on, and no shell reads it; write [sh, -c, '...'] for one`,
  )
}
