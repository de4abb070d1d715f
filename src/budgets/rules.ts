/** Budgets as they are matched with requests. Pure. */
import { glob } from '../core/glob.ts'
import type { BudgetSpec } from '../core/budget.ts'
import type { Subject } from '../core/settlement.ts'

export interface Rule {
  readonly spec: BudgetSpec
  /** The id that a request counts under; null where it does not count. */
  readonly idOf: (subject: Subject) => string | null
}

export function compileRule(spec: BudgetSpec): Rule {
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

/** What is counted. Callers name sessions as they like: nobody uses up another key's by naming it. */
const NAMES: Readonly<Record<BudgetSpec['of'], Reader>> = {
  ...PLAIN,
  session: ({ key, session }) => (session === null ? null : `${key}/${session}`),
}
