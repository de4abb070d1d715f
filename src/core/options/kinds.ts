/** Kinds of values that options have, each with what a person is told of a wrong one. */
import { z } from 'zod'
import { duration, durationText } from '../units.ts'
import { described } from './option.ts'

/** A short name: of a backend, a route or a key, or a word of a user's own. */
export const name = z
  .string()
  .regex(/^[\w.-]{1,64}$/, 'is not a name; use letters, digits, ".", "_" and "-", at most 64')
/** Several of them: short words of a user's own, like regions or tags. */
export const names = z.array(name).min(1, 'is empty; write at least one')
/** Anything, like globs and ids of models. */
export const text = z.string().min(1, 'is empty')
export const texts = z.array(text).min(1, 'is empty; write at least one')
/** Where a ZeroMQ socket of an engine is: "tcp://gpu-a:5557". */
export const tcp = z
  .string()
  .regex(
    /^tcp:\/\/(?:[\w.-]+|\[[\da-fA-F:]+\]):\d{1,5}$/,
    'is not the address of a socket; write it like "tcp://gpu-a:5557"',
  )
export const usd = z.number().min(0, 'is negative; write 0 or more')
const shareLike = (example: string, instead?: string) => {
  const words = (how: string): string => `is ${how}; write a share from 0 to 1, like ${example}`
  return z.number(instead).min(0, words('less than 0')).max(1, words('more than 1'))
}
export const share = shareLike('0.8')
const LIKE_5 = 'write it like "5%" or 0.05'
/** The same, or with the sign that people write it with: "5%". */
export const percentage = z.union([
  shareLike('0.05 or "5%"', LIKE_5),
  z
    .string()
    .regex(/^(100(\.0+)?|\d{1,2}(\.\d+)?) ?%$/, `is not a share; ${LIKE_5}`)
    .transform((text) => Number.parseFloat(text) / 100),
])
export const count = z.int().min(1, 'is less than 1; write 1 or more')
export const moment = z.string().refine((value) => /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value)), {
  error: 'is not a date; write it like "2027-01-31" or "2027-01-31T12:00:00Z"',
})
export const time = (description: string, ms: number) => described(duration, description, durationText(ms))
