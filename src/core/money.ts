/** Money is counted in whole nano-dollars: in micro-dollars a short answer of a cheap model would round to nothing. */

/** Nano-dollars of one dollar. */
export const NANO_USD = 1_000_000_000

/** Nano-dollars -> dollars. */
export const usdOf = (nanoUsd: number): number => nanoUsd / NANO_USD

/** Dollars -> whole nano-dollars. */
export const nanoUsdOf = (usd: number): number => Math.round(usd * NANO_USD)

/** Whole nano-dollars as dollars with nine decimals: exact, and never in powers of ten. */
export function usdText(nanoUsd: number): string {
  const whole = Math.floor(nanoUsd / NANO_USD)
  return `${whole}.${String(nanoUsd - whole * NANO_USD).padStart(9, '0')}`
}
