/** What the models of Google need, by the generation in their names. Pure. */

const NUMBER = /gemini-(\d+(?:\.\d+)?)/i

/** Such as 2.5; infinite for a name without a number (`gemini-flash-latest`), which stands for the newest; 0: it is none of the family. */
function generationOf(model: string): number {
  const told = NUMBER.exec(model)?.[1]
  if (told !== undefined) return Number(told)
  return /gemini/i.test(model) ? Infinity : 0
}

/** A call of a function goes back with the signature of the thoughts behind it, or the request is refused. */
export const needsSignatures = (model: string): boolean => generationOf(model) >= 3

/** What a function gave may hold pictures itself. */
export const takesMediaInResults = needsSignatures
