/** Content negotiation between two types. Pure. */
import { type AcceptRange, acceptRanges } from '../core/accept.ts'

/** Whether `accept` prefers this type of text to application/json; who says nothing, or anything goes, gets JSON. */
export function prefersText(accept: string | undefined, type: 'text/plain' | 'text/html' = 'text/plain'): boolean {
  if (accept === undefined) return false
  const ranges = acceptRanges(accept)
  return weight(ranges, type, 'text/*') > weight(ranges, 'application/json', 'application/*')
}

/** The nearest range decides; 0 = refused, or not named. */
const weight = (ranges: readonly AcceptRange[], ...names: readonly string[]): number =>
  [...names, '*/*'].map((name) => ranges.find(({ type }) => type === name)).find((range) => range !== undefined)?.q ?? 0
