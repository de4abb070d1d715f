/** A count in three digits or four, for people: "950", "1.2k", "12k", "1.2M", "3.4G". */
export function amount(count: number): string {
  if (count < 1_000) return String(count)
  if (count < 9_950) return `${tenths(count / 1e3)}k`
  if (count < 999_500) return `${Math.round(count / 1e3)}k`
  if (count < 999_950_000) return `${tenths(count / 1e6)}M`
  return `${tenths(count / 1e6 / 1e3)}G`
}

const tenths = (value: number): string => value.toFixed(1).replace(/\.0$/, '')

/** The same, up to ten thousand as it is. */
export const briefAmount = (count: number): string => (count < 10_000 ? String(count) : amount(count))
