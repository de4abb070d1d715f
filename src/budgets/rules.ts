/** Budgets as they are matched with requests. Pure. */
import { glob } from '../core/glob.ts'
import type { BudgetSpec } from '../core/budget.ts'
import type { Subject } from '../core/settlement.ts'

export interface BudgetRule {
  readonly spec: BudgetSpec
  /** The id that a request counts under; null where it does not count. */
  readonly idOf: (subject: Subject) => string | null
}

export function compileRule(spec: BudgetSpec): BudgetRule {
  const globs = spec.ids?.map(glob) ?? null
  const name = NAMES[spec.of]
  return {
    spec,
    idOf: (subject) => {
      const plain = PLAIN[spec.of](subject)
      if (plain === null || (globs !== null && !globs.some((matches) => matches(plain)))) return null
      return name(subject)
    },
  }
}

type Reader = (subject: Subject) => string | null

/** What globs are held against. */
const PLAIN: Readonly<Record<BudgetSpec['of'], Reader>> = {
  gateway: () => 'gateway',
  key: ({ key }) => key,
  team: ({ team }) => team,
  user: ({ user }) => user,
  route: ({ route }) => route,
  session: ({ session }) => session,
  agent: ({ agent }) => agent,
}

/** What is counted. Callers name sessions as they like, so an id counts within its key: naming the session of another key uses up nothing of it. */
const NAMES: Readonly<Record<BudgetSpec['of'], Reader>> = {
  ...PLAIN,
  session: ({ key, session }) => (session === null ? null : `${key}/${session}`),
}

/** The budget that counts an id by this name; null where there is none. */
export type SpecOf = (identity: BudgetIdentity, id: string) => BudgetSpec | null

/** What counts go on by when a budget is changed. */
export type BudgetIdentity = Pick<BudgetSpec, 'name' | 'of' | 'per'>

interface Place {
  readonly spec: BudgetSpec
  readonly at: number
}

interface Namesakes {
  /** Limits of keys have the same names, and one id each. */
  readonly byId: Map<string, Place>
  readonly others: (Place & { readonly counts: (id: string) => boolean })[]
}

/** The first of `specs` counts. */
export function specsOf(specs: readonly BudgetSpec[]): SpecOf {
  const all = new Map<string, Namesakes>()
  for (const [at, spec] of specs.entries()) {
    const key = identityText(spec)
    const namesakes = all.get(key) ?? { byId: new Map<string, Place>(), others: [] }
    all.set(key, namesakes)
    const id = spec.of === 'key' && spec.ids?.length === 1 ? spec.ids[0]! : '*'
    if (!id.includes('*')) {
      if (!namesakes.byId.has(id)) namesakes.byId.set(id, { spec, at })
    } else {
      const globs = spec.of === 'key' ? (spec.ids?.map(glob) ?? null) : null
      namesakes.others.push({ spec, at, counts: (one) => globs === null || globs.some((matches) => matches(one)) })
    }
  }
  return (identity, id) => {
    const namesakes = all.get(identityText(identity))
    const own = namesakes?.byId.get(id)
    const other = namesakes?.others.find(({ counts }) => counts(id))
    if (own === undefined || other === undefined) return (own ?? other)?.spec ?? null
    return own.at < other.at ? own.spec : other.spec
  }
}

export const identityText = ({ name, of, per }: BudgetIdentity): string => `${name}\n${of}\n${per ?? ''}`
