/** What an operator asks for, from the command line or the admin API -> fields of a key. */
import { z } from 'zod'
import { zodMessages } from '../config/zod-messages.ts'
import { pathText } from '../config/file-path.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import { name } from '../core/options/kinds.ts'
import { changesOf, fieldsOf, zodShapeOf } from '../core/options/option.ts'
import { MADE_KEY_OPTIONS } from '../core/options/options.ts'
import { duration, span } from '../core/units.ts'
import { GatewayError } from '../core/errors.ts'
import type { KeyFields } from './stored-key.ts'

const creation = z.strictObject({ id: name, ...zodShapeOf(MADE_KEY_OPTIONS) })
const change = z.strictObject(changesOf(MADE_KEY_OPTIONS))

/** What the values of fields are checked against. */
export interface InputRules {
  /** Names of routes that a key may be bound to, beside `default`. */
  readonly routes: readonly string[]
  /** Time of day, ms. */
  readonly now: number
}

/** Throws a GatewayError that names each field that is wrong, and what to write instead. */
export function parseKey(value: unknown, rules: InputRules): KeyFields & { readonly id: string } {
  const { id, ...given } = parseKeyInput(creation, value)
  return { id, ...NO_FIELDS, ...withoutGaps(given, rules) }
}

/** Only the fields that are to change; null takes a field back to where it was before anybody set it. */
export function parseChange(value: unknown, rules: InputRules): Partial<KeyFields> {
  const given = withoutGaps(parseKeyInput(change, value), rules)
  if (Object.keys(given).length > 0) return given
  throw new GatewayError(
    'invalid_request',
    `Nothing is to change; name one of ${Object.keys(change.shape).join(', ')}.`,
  )
}

const grace = z.strictObject({
  grace: z
    .string()
    .transform((text, context) => {
      if (text === '0') return 0
      for (const unit of [duration, span]) {
        const read = unit.safeParse(text)
        if (read.success) return read.data
      }
      context.addIssue({ code: 'custom', message: 'is not a time; write it like "0", "30s", "1h" or "7d"' })
      return z.NEVER
    })
    .optional(),
})

/** `{grace: "1h"}` -> ms; 0 where nobody said. */
export const parseGrace = (value: unknown): number => parseKeyInput(grace, value ?? {}).grace ?? 0

const NO_FIELDS: KeyFields = fieldsOf(MADE_KEY_OPTIONS)

function withoutGaps(given: z.output<typeof change>, { routes, now }: InputRules): Partial<KeyFields> {
  const unknown = given.routes?.find((route) => route !== 'default' && !routes.includes(route))
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, ['default', ...routes], '"')
    throw refused('routes', `there is no route "${unknown}"${hint}`)
  }
  const expires = typeof given.expires === 'string' ? new Date(given.expires) : null
  if (expires !== null && expires.getTime() <= now)
    throw refused('expires', `"${given.expires ?? ''}" is past; write a later date, or revoke the key to end it now`)
  const said = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    said.map(([field, value]) => {
      if (value === null) return [field, NO_FIELDS[field as keyof KeyFields]]
      return [field, field === 'expires' ? expires!.toISOString() : value]
    }),
  )
}

/** Throws a GatewayError with everything that is wrong. */
export function parseKeyInput<T extends z.ZodObject>(schema: T, value: unknown): z.output<T> {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  const issues = read.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          path: pathText([...issue.path, key]),
          message: `there is no such field${issue.path.length > 0 ? '' : didYouMean(key, Object.keys(schema.shape), '`')}`,
        }))
      : zodMessages([issue], { written: value, filled: value, kinds: [] }),
  )
  const lines = issues.map(({ path, message }) => `${path === '' ? 'the whole of it' : path}: ${message}`)
  throw new GatewayError('invalid_request', `${lines.join('; ')}.`, { param: issues[0]?.path ?? null })
}

const refused = (field: string, why: string): GatewayError =>
  new GatewayError('invalid_request', `${field}: ${why}.`, { param: field })
