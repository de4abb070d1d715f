const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
]

/** In its largest unit: `3d`, `5h`, `12m`, `40s`. The clocks of two machines differ: what is below nothing is nothing. */
export function ageText(ms: number): string {
  if (Number.isNaN(ms)) return '-'
  const [size, unit] = UNITS.find(([size]) => ms >= size) ?? [1000, 's']
  return `${Math.max(0, Math.floor(ms / size))}${unit}`
}
