/** Rows of a ledger added up by some of their fields: what is held grows with the number of groups and with nothing else. Pure. */
import { countedOfRow } from '../core/counted.ts'
import { addRequest, newSums, type Sums } from '../observe/headline/sums.ts'
import type { LedgerRow } from './row.ts'

type Value = string | number | boolean | null

/** What rows can be added up by. Times are UTC. */
export const GROUP_FIELDS = {
  route: ({ route }) => route,
  backend: ({ backend }) => backend,
  model: ({ model }) => model,
  requested_model: (row) => row.requested_model,
  effort: ({ effort }) => effort,
  key: ({ key }) => key,
  team: ({ team }) => team,
  user: ({ user }) => user,
  agent: ({ agent }) => agent,
  session: ({ session }) => session,
  endpoint: ({ endpoint }) => endpoint,
  stream: ({ stream }) => stream,
  status: ({ status }) => status,
  error: ({ error }) => error,
  finish: ({ finish }) => finish,
  why: ({ why }) => why,
  month: ({ at }) => at.slice(0, 7),
  day: ({ at }) => at.slice(0, 10),
  hour: ({ at }) => `${at.slice(0, 13)}:00Z`,
} as const satisfies Readonly<Record<string, (row: LedgerRow) => Value>>

export type GroupField = keyof typeof GROUP_FIELDS

export const isGroupField = (name: string): name is GroupField => Object.hasOwn(GROUP_FIELDS, name)

export interface Group {
  /** In the order of the fields. */
  readonly values: readonly Value[]
  readonly sums: Sums
}

export class Groups {
  readonly #fields: readonly GroupField[]
  readonly #groups = new Map<string, Group>()

  constructor(fields: readonly GroupField[]) {
    this.#fields = fields
  }

  add(row: LedgerRow): void {
    const values = this.#fields.map((field): Value => GROUP_FIELDS[field](row))
    const name = JSON.stringify(values)
    let group = this.#groups.get(name)
    if (group === undefined) this.#groups.set(name, (group = { values, sums: newSums() }))
    addRequest(group.sums, countedOfRow(row))
  }

  /** By their values, of the first field first; what has none comes last. */
  all(): readonly Group[] {
    return [...this.#groups.values()].sort((one, other) => {
      for (const [at, value] of one.values.entries()) {
        const order = compared(value, other.values[at] ?? null)
        if (order !== 0) return order
      }
      return 0
    })
  }
}

function compared(one: Value, other: Value): number {
  if (one === other) return 0
  if (one === null || other === null) return one === null ? 1 : -1
  return one < other ? -1 : 1
}
