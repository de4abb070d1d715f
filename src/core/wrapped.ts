/** The text broken at spaces into lines of at most `width` characters, where no word is longer. */
export function wrapped(text: string, width: number): string {
  let [line, all] = ['', '']
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      all += `${line}\n`
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return `${all}${line}\n`
}
