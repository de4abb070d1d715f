/** Paths of options in a file, as text and as its parts. */

/** ['backends', 1, 'url'] -> 'backends[1].url'; keys that are no plain words are quoted. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    const name = String(part)
    if (!/^[\w-]+$/.test(name)) return `${text}[${JSON.stringify(name)}]`
    return text === '' ? name : `${text}.${name}`
  }, '')
}

const PART = /\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|[\w-]+/g

/** The other way round. */
export const pathParts = (text: string): (string | number)[] =>
  [...text.matchAll(PART)].map(([word, index, quoted]) =>
    index !== undefined ? Number(index) : quoted !== undefined ? (JSON.parse(quoted) as string) : word,
  )

/** What stands at a path of a parsed file. */
export const valueAt = (source: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    source,
  )
