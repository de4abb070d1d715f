/** Requests rolled up into the sessions and agents that they belong to. In memory, bounded, a few microseconds for each request. */
import { GatewayError } from '../core/errors.ts'
import type { Account, Book } from '../core/settlement.ts'
import { add, merged, newSession, type Session, shown } from './session.ts'

export interface SessionQuery {
  /** Epoch ms: those that were active since then; null = all. */
  readonly since: number | null
  readonly sort: string | null
  readonly limit: number
  readonly agent: string | null
  readonly key: string | null
  /** `agent`: one line for each agent instead of each session. */
  readonly by?: string | null
}

/** The oldest ones go first. */
const MOST = 10_000

const wasteOf = ({ waste }: Session): number => [...waste.values()].reduce((sum, one) => sum + one, 0)

const ORDERS: Readonly<Record<string, (session: Session) => number>> = {
  recent: ({ lastAt }) => lastAt,
  cost: ({ nanoUsd }) => nanoUsd,
  tokens: ({ input, output }) => input + output,
  waste: wasteOf,
  requests: ({ requests }) => requests,
}

export class Sessions implements Book {
  /** By key and session, the one that was used last at the end. */
  readonly #sessions = new Map<string, Session>()

  settled(account: Account): void {
    const { subject, plan, endedAt } = account
    const derived = subject.session === null
    const id = subject.session ?? plan?.profile.affinity ?? null
    if (id === null) return
    const name = nameOf(subject.key, id)
    let session = this.#sessions.get(name)
    if (session === undefined) {
      const { key, team, user, agent } = subject
      session = newSession({ id, key, team, user, agent, derived }, endedAt - account.settlement.totalMs)
      if (this.#sessions.size >= MOST) this.#sessions.delete(this.#sessions.keys().next().value!)
    } else this.#sessions.delete(name)
    this.#sessions.set(name, session)
    add(session, account)
  }

  /** Throws the GatewayError of an order that there is not. */
  list({ since, sort, limit, agent, key, by = null }: SessionQuery): readonly object[] {
    const order = ORDERS[sort ?? 'recent']
    if (order === undefined)
      throw new GatewayError('invalid_request', `sort: "${sort}" is none of ${Object.keys(ORDERS).join(', ')}.`, {
        param: 'sort',
      })
    const found = [...this.#sessions.values()].filter(
      (one) =>
        (since === null || one.lastAt >= since) &&
        (agent === null || one.agent === agent) &&
        (key === null || one.key === key),
    )
    const lines: readonly Line[] =
      by === 'agent' ? agentsOf(found) : found.map((one) => ({ sum: one, named: names(one) }))
    return [...lines]
      .sort((one, other) => order(other.sum) - order(one.sum))
      .slice(0, limit)
      .map(({ sum, named }) => shown(sum, named))
  }

  /** `id`: as it is listed. Null: there is none, or it was too long ago. */
  get(id: string): object | null {
    const session = this.#sessions.get(id)
    return session === undefined ? null : shown(session, names(session))
  }
}

/** Two keys may name their sessions alike. */
const nameOf = (key: string, session: string): string => `${key}/${session}`

interface Line {
  readonly sum: Session
  readonly named: Readonly<Record<string, unknown>>
}

function names({ id, key, team, user, agent, derived }: Session): Line['named'] {
  return { id: nameOf(key, id), session: id, key, team, user, agent, derived }
}

/** A line for each agent; those that nobody named are one. */
function agentsOf(found: readonly Session[]): Line[] {
  const byAgent = new Map<string | null, Session[]>()
  for (const one of found) byAgent.set(one.agent, [...(byAgent.get(one.agent) ?? []), one])
  return [...byAgent].map(([agent, all]) => ({ sum: merged(all), named: { agent, sessions: all.length } }))
}
