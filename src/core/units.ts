/** Durations and sizes as people write them. */
import { z } from 'zod'

const DURATION: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const SIZE: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

/** A timer of Node that is set to more than 2^31 ms ends at once. */
const LONGEST = 24 * DURATION['h']!
/** A Buffer holds this much on every platform. */
const LARGEST = SIZE['GiB']!

function quantity(units: Readonly<Record<string, number>>, example: string, limit: number, most: string) {
  const form = new RegExp(`^(\\d+(?:\\.\\d+)?) ?(${Object.keys(units).join('|')})$`)
  const unit = example.replace(/^\d+/, '')
  return z
    .string({
      error: ({ input }) =>
        `write it with a unit, like "${typeof input === 'number' && input > 0 ? `${input}${unit}` : example}"`,
    })
    .regex(form, {
      error: ({ input }) =>
        `is not a number with one of the units ${Object.keys(units).join(', ')}; write it like "${meant(String(input), units) ?? example}"`,
    })
    .transform((text, context) => {
      const [, number, unit] = form.exec(text) ?? []
      const value = Math.round(Number(number) * (units[unit ?? ''] ?? 0))
      if (value > 0 && value <= limit) return value
      context.addIssue({
        code: 'custom',
        message: value > limit ? `is more than ${most}` : `is nothing; write more, like "${example}"`,
      })
      return z.NEVER
    })
}

/** "5 seconds" and "32M" in the units that there are; null where none is near. */
function meant(text: string, units: Readonly<Record<string, number>>): string | null {
  const [, number, word = ''] = /^(\d+(?:\.\d+)?) ?([a-z]+)$/i.exec(text.trim()) ?? []
  const plain = word.toLowerCase()
  const unit =
    Object.keys(units).find((one) => one.toLowerCase() === plain) ??
    Object.keys(units).find((one) => one.toLowerCase() === LONG[plain]) ??
    (plain.length === 1 ? Object.keys(units).findLast((one) => one.toLowerCase().startsWith(plain)) : undefined)
  return number === undefined || unit === undefined ? null : number + unit
}

const LONG: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['ms', 'millis millisecond milliseconds msec'],
    ['s', 'sec secs second seconds'],
    ['m', 'min mins minute minutes'],
    ['h', 'hr hrs hour hours'],
    ['d', 'day days'],
    ['w', 'week weeks'],
    ['b', 'byte bytes'],
  ].flatMap(([unit = '', words = '']) => words.split(' ').map((word) => [word, unit])),
)

/** "500ms", "2s", "10m", "1h" -> milliseconds. */
export const duration = quantity(DURATION, '30s', LONGEST, 'a day')

/** "32MiB", "1GB", "512KiB" -> bytes. */
export const size = quantity(SIZE, '32MiB', LARGEST, '1GiB')

const SPAN: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 }
const VOLUME: Readonly<Record<string, number>> = { ...SIZE, TB: 1e12, TiB: 1024 ** 4 }

/** "12h", "90d", "8w" -> milliseconds. For ages of what is kept, which no timer waits for. */
export const span = quantity(SPAN, '90d', 10 * 366 * SPAN['d']!, 'ten years')

/** "10GiB", "2TB" -> bytes. For what is kept on a disk. */
export const volume = quantity(VOLUME, '10GiB', 1024 * VOLUME['TiB']!, '1024TiB')

/** The shortest form that `duration` reads as the same. */
export const durationText = (ms: number): string => inUnit(ms, ['h', 'm', 's', 'ms'], DURATION)

/** The shortest form that `size` reads as the same. */
export const sizeText = (bytes: number): string => inUnit(bytes, ['GiB', 'MiB', 'KiB', 'B'], SIZE)

function inUnit(value: number, names: readonly string[], units: Readonly<Record<string, number>>): string {
  const name = names.find((one) => value % units[one]! === 0) ?? ''
  return `${value / units[name]!}${name}`
}
