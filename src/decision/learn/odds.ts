/** Shares and their log-odds: what is added to these never leads out of 0..1, and an order among sure ones is kept. */

export const certain = (share: number): number => Math.min(0.999, Math.max(0.001, share))

export function oddsOf(share: number): number {
  const known = certain(share)
  return Math.log(known / (1 - known))
}

/** A share whose log-odds go up by so much. */
export function raised(share: number, odds: number): number {
  const factor = share * Math.exp(odds)
  return factor / (1 - share + factor)
}
