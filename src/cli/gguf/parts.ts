/** Files that a model was split into: `name-00001-of-00003.gguf`. Pure. */
const PART = /^(.*)-(\d{5})-of-(\d{5})(\.gguf)$/i

/** No model has more. */
const MOST_PARTS = 1000

/** The names of all of its parts, the first one first; of a whole file its own. */
export function partsOf(name: string): readonly string[] {
  const [, stem, , total = '', end] = PART.exec(name) ?? []
  const count = Number(total)
  if (stem === undefined || end === undefined || count < 1 || count > MOST_PARTS) return [name]
  return Array.from({ length: count }, (_, index) => `${stem}-${String(index + 1).padStart(5, '0')}-of-${total}${end}`)
}

/** It is a part, and not the first. */
export const isLaterPart = (name: string): boolean => {
  const number = PART.exec(name)?.[2]
  return number !== undefined && Number(number) !== 1
}
