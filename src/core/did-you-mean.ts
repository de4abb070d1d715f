/** The word of `words` that a typo was meant to be; null where none is near. */
export function nearestWord(typo: string, words: readonly string[]): string | null {
  const best = words
    .map((word) => ({ word, distance: editDistance(typo.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0]
  return best !== undefined && best.distance <= Math.max(1, Math.floor(typo.length / 3)) ? best.word : null
}

/** The end of a message about a wrong name: the word that was meant, or with `listed` all that there are. */
export function didYouMean(typo: string, words: readonly string[], mark: '"' | '`', listed = true): string {
  const near = nearestWord(typo, words)
  if (near !== null) return `; did you mean ${mark}${near}${mark}?`
  return listed && words.length > 0 ? `; there are ${words.join(', ')}` : ''
}

/** Letters to add, remove, replace or swap with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : Infinity
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, replaced, i > 1 && j > 1 ? swapped : Infinity))
    }
    before = row
    row = next
  }
  return row[b.length]!
}
