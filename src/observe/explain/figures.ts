/** Figures and names of a decision as people read them. What is not known is `?`, never 0. Pure. */

export const UNKNOWN = '?'

/** Null where it is none: a record may come from a gateway of another version. */
export const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null

/** Three significant digits, thousands apart, no exponent above 1e-9. */
export function figure(value: unknown): string {
  const number = numberOf(value)
  if (number === null) return UNKNOWN
  if (number === 0) return '0'
  const magnitude = Math.floor(Math.log10(Math.abs(number)))
  if (magnitude < -9) return number.toExponential(1)
  if (magnitude < 2)
    return number
      .toFixed(Math.min(9, 2 - magnitude))
      .replace(/(\.\d*?)0+$/, '$1')
      .replace(/\.$/, '')
  return whole(number)
}

/** An integer, thousands apart. */
export function whole(value: unknown): string {
  const number = numberOf(value)
  if (number === null) return UNKNOWN
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Two decimals, with its sign where `signed`. */
export function shownShare(value: unknown, signed = false): string {
  const number = numberOf(value)
  if (number === null) return UNKNOWN
  const text = Math.abs(number).toFixed(2)
  const negative = number < 0 && text !== '0.00'
  return `${negative ? '-' : signed ? '+' : ''}${text}`
}

export const seconds = (ms: unknown): string => {
  const number = numberOf(ms)
  return number === null ? UNKNOWN : figure(number / 1000)
}

/** Names come from backends and callers: nothing in them may move a terminal's cursor. */
export const plain = (text: unknown): string =>
  typeof text === 'string'
    ? text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
    : UNKNOWN
