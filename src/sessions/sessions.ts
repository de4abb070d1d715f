/** Requests rolled up into the sessions and agents that they belong to. In memory, bounded, a few microseconds for each request. */
import { BoundedMap } from '../core/bounded-map.ts'
import { type Counted, startOf } from '../core/counted.ts'
import { GatewayError } from '../core/errors.ts'
import type { RequestObserver, RequestRecord } from '../core/request-record.ts'
import { add, merged, newSession, type Session, shown, wasteOf, type Who } from './session.ts'
import { countStep } from './signals.ts'

export interface SessionQuery {
  /** Epoch ms: those that were active since then; null = all. */
  readonly since: number | null
  readonly sort: string | null
  readonly limit: number
  readonly agent: string | null
  readonly key: string | null
  readonly team: string | null
  /** `agent`: one line for each agent instead of each session. */
  readonly by: string | null
}

/** The ones that were idle for longest go first. Requests without a name are many, and must not push out sessions that have one. */
const MOST_NAMED = 10_000
const MOST_DERIVED = 2_000

const ORDERS: Readonly<Record<string, (session: Session) => number>> = {
  recent: ({ lastAt }) => lastAt,
  cost: ({ nanoUsd }) => nanoUsd,
  tokens: ({ input, output }) => input + output,
  waste: wasteOf,
  requests: ({ requests }) => requests,
}

export class Sessions implements RequestObserver {
  /** By key, session and agent: several agents may share a session. The one that was used last is at the end. */
  readonly #named = new BoundedMap<string, Session>(MOST_NAMED)
  readonly #derived = new BoundedMap<string, Session>(MOST_DERIVED)

  readonly readsDecisions = 'none'

  onCompleted(record: RequestRecord): void {
    // A request that the decision refused took no part in its conversation: its error would be the agent's last status.
    const unnamed = (record.planned ? record.affinity : null) ?? record.endpoint
    const session = this.#of(record, unnamed, startOf(record))
    add(session, record)
    countStep(session.tallies, session.trace, record.step, record.success, record.repeated)
  }

  /**
   * Adds a request of the ledger, oldest first, before the first request: sessions are there again after a restart. What the
   * ledger does not hold is lost: signals that look at the messages, and how a session began that has no name.
   */
  replay(request: Counted): void {
    add(this.#of(request, request.endpoint, startOf(request)), request)
  }

  /** Throws the GatewayError of an order that there is not. */
  list({ since, sort, limit, agent, key, team, by }: SessionQuery): readonly object[] {
    const order = ORDERS[sort ?? 'recent']
    if (order === undefined)
      throw new GatewayError('invalid_request', `sort: "${sort}" is none of ${Object.keys(ORDERS).join(', ')}.`, {
        param: 'sort',
      })
    const groups = new Map<string, Session[]>()
    for (const part of this.#parts()) {
      if (since !== null && part.lastAt < since) continue
      if (agent !== null && part.agent !== agent) continue
      if (key !== null && part.key !== key) continue
      if (team !== null && part.team !== team) continue
      const name = by === 'agent' ? (part.agent ?? '') : idOf(part)
      const group = groups.get(name)
      if (group === undefined) groups.set(name, [part])
      else group.push(part)
    }
    return [...groups.values()]
      .map((parts) => ({ parts, sum: merged(parts) }))
      .map((line) => ({ ...line, rank: order(line.sum) }))
      .sort((one, other) => other.rank - one.rank)
      .slice(0, limit)
      .map(({ parts, sum }) => shown(sum, by === 'agent' ? agentNames(sum, parts) : names(sum)))
  }

  /** `id`: as it is listed, `KEY/SESSION`. Null: there is none, or it was too long ago. */
  get(id: string): object | null {
    const parts = [...this.#parts()].filter((part) => idOf(part) === id)
    if (parts.length === 0) return null
    const sum = merged(parts)
    return shown(sum, names(sum))
  }

  *#parts(): Generator<Session> {
    yield* this.#named.values()
    yield* this.#derived.values()
  }

  /** `unnamed`: what the request counts under where it names no session. */
  #of(who: Omit<Who, 'id' | 'derived'> & { readonly session: string | null }, unnamed: string, at: number): Session {
    const derived = who.session === null
    const all = derived ? this.#derived : this.#named
    const id = who.session ?? `~${unnamed}`
    const { key, team, user, agent } = who
    const name = `${key}/${id}\n${agent ?? ''}`
    const session = all.get(name) ?? newSession({ id, key, team, user, agent, derived }, at)
    all.renew(name, session)
    return session
  }
}

/** Two keys may name their sessions alike. Ids of keys hold no slash. */
const idOf = ({ key, id }: Session): string => `${key}/${id}`

function names(session: Session): Readonly<Record<string, unknown>> {
  const { id, key, team, user, agent, derived } = session
  return { id: idOf(session), session: id, key, team, user, agent, derived }
}

const agentNames = ({ agent }: Session, parts: readonly Session[]): Readonly<Record<string, unknown>> => ({
  agent,
  sessions: new Set(parts.map(idOf)).size,
})
