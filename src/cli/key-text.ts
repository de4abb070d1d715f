/** Keys as people read them. */
import { keysOf } from '../core/keyed.ts'
import { valuesOf } from '../core/options/option.ts'
import { KEY_OPTIONS, MADE_KEY_OPTIONS } from '../core/options/options.ts'
import { KEY_READS, type KeyOptions, keyWords } from '../decision/route/bounds.ts'
import type { KeyView } from '../keys/key-view.ts'
import type { KeyFields } from '../keys/stored-key.ts'
import { table } from './table.ts'

/** `width`: see `table`. */
export function keyTable(keys: readonly KeyView[], width = Infinity): string {
  if (keys.length === 0) return 'no keys, so every request is refused; `turnout key create --id ID` makes one\n'
  return table(
    ['key', 'state', 'scope', 'team', 'user', 'limits', 'may use', 'expires', 'defined in'],
    keys.map((key) => [
      key.id,
      stateText(key),
      key.scope,
      key.team ?? '-',
      key.user ?? '-',
      limitsText(key),
      usesText(valuesOf(KEY_OPTIONS, key)),
      key.expires ?? 'never',
      key.source === 'file' ? 'key file' : 'configuration',
    ]),
    width,
  )
}

export function shownKey(key: KeyView): string {
  const labels = Object.entries(key.labels).map(([name, value]) => `${name}=${value}`)
  const rows: readonly (readonly [name: string, text: string | null])[] = [
    ['id', key.id],
    ['state', stateText(key)],
    ['scope', key.scope],
    ['team', key.team],
    ['user', key.user],
    ['labels', labels.length === 0 ? null : labels.join(', ')],
    ['limits', limitsText(key)],
    ['uses', usesText(valuesOf(KEY_OPTIONS, key))],
    ['expires', key.expires ?? 'never'],
    ...OTHERS.map((name) => [name, otherText(key[name])] as const),
    ['created', key.created_at ?? 'in the configuration'],
    ['changed', key.changed_at],
    ['rotated', key.rotated_at],
  ]
  return rows.flatMap(([name, text]) => (text === null ? [] : [`${name.padEnd(7)} ${text}\n`])).join('')
}

/** Options that have words of their own above and below; the words of bounds are in what the key uses. */
const SAID: readonly string[] = ['scope', 'team', 'user', 'labels', 'rpm', 'tpm', 'parallel', 'budget', 'clamp', 'expires', ...KEY_READS] // prettier-ignore

const OTHERS = keysOf<keyof KeyFields>(MADE_KEY_OPTIONS).filter((name) => !SAID.includes(name))

/** Null: nothing is said. */
function otherText(value: KeyFields[keyof KeyFields]): string | null {
  if (value === null || value === false) return null
  return Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const stateText = ({ state, revoked_at: revoked, grace_until: grace }: KeyView): string => {
  if (revoked !== null) return `revoked ${revoked}`
  return grace === null ? state : `${state}, old secret until ${grace}`
}

/** What a key may use: its routes, and what other bounds keep it to. */
export const usesText = (key: KeyOptions, nameOf = (route: string): string => route): string =>
  [key.routes?.map(nameOf).join(', ') ?? 'everything', ...keyWords(key)].join('; ')

function limitsText({ rpm, tpm, parallel, budget, clamp }: KeyView): string {
  const limits = [
    ...(rpm === null ? [] : [`${rpm} requests/min`]),
    ...(tpm === null ? [] : [`${tpm} tokens/min`]),
    ...(parallel === null ? [] : [`${parallel} at once`]),
    ...(budget === null ? [] : [`${budget.usd} USD/${budget.per}`]),
    ...(clamp ? ['max_tokens lowered to what is left'] : []),
  ]
  return limits.length === 0 ? 'none' : limits.join(', ')
}
