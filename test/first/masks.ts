/** What differs from one machine and one minute to the next, by a word that says what it is. */
const MASKS: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID'],
  [/\bc-[0-9a-f]{8}\b/g, 'c-ID'],
  [/sk-[\w-]{20,}/g, 'SECRET'],
  [/sha256:[0-9a-f]{64}/g, 'HASH'],
  [/\b20\d\d-\d\d-\d\d(?:T| )\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| UTC)?/g, 'DATE'],
  [/\b\d\d:\d\d:\d\d(?:\.\d+)?\b/g, 'TIME'],
]

/** `names`: texts of this run (folders, ports) and their words. */
export function masked(text: string, names: Readonly<Record<string, string>>): string {
  let result = text
  for (const [name, word] of Object.entries(names)) result = result.replaceAll(name, word)
  for (const [pattern, word] of MASKS) result = result.replaceAll(pattern, word)
  return result
}

/** Of a screen whose figures are those of this run: each is `#`, and columns are as far apart as words. */
export const withoutFigures = (text: string): string =>
  text
    .replace(/(?<![\w.])[+-](?=\d)|\d+(?:[.,]\d+)*/g, (part) => (/\d/.test(part) ? '#' : ''))
    .replace(/(?<=\S) {2,}/g, ' ')
