/** Content negotiation between two types. Pure. */

/** Whether `accept` prefers text/plain to application/json; who says nothing, or anything goes, gets JSON. */
export function prefersText(accept: string | undefined): boolean {
  if (accept === undefined) return false
  const ranges = accept.split(',').map(readRange)
  return weight(ranges, 'text/plain', 'text/*') > weight(ranges, 'application/json', 'application/*')
}

interface Range {
  readonly type: string
  readonly q: number
}

function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const q = Number(parameters.find((part) => part.startsWith('q='))?.slice(2) ?? 1)
  return { type, q: Number.isFinite(q) ? q : 0 }
}

/** The nearest range decides; 0 = refused, or not named. */
const weight = (ranges: readonly Range[], ...names: readonly string[]): number =>
  [...names, '*/*'].map((name) => ranges.find(({ type }) => type === name)).find((range) => range !== undefined)?.q ?? 0
