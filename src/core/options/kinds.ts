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
const SHARE = (how: string): string => `is ${how}; write a share from 0 to 1, like 0.8`
export const share = z.number().min(0, SHARE('less than 0')).max(1, SHARE('more than 1'))
export const count = z.int().min(1, 'is less than 1; write 1 or more')
export const moment = z.string().refine((value) => /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value)), {
  error: 'is not a date; write it like "2027-01-31" or "2027-01-31T12:00:00Z"',
})
export const time = (description: string, ms: number) => described(duration, description, durationText(ms))
