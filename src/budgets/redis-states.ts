/** All counts that Redis knows, for those who look: what other gateways have counted, and what was counted before this one started. */
import type { Redis } from 'ioredis'
import type { BudgetState } from './limiter.ts'
import { ALL_SUMS, type ReadKey, readKey } from './redis-keys.ts'
import type { SpecOf } from './rules.ts'
import { windowOf } from './windows.ts'

/** Callers may invent ids: a look at them must end. */
const MOST = 10_000
const AT_ONCE = 200
const FIELDS = ['usd', 'tokens', 'requests', 'held_usd', 'held_tokens', 'held', 'id'] as const

/** Those in the windows of `now`. Rejects where Redis cannot be asked. */
export async function statesIn(client: Redis, specOf: SpecOf, now: number): Promise<BudgetState[]> {
  const keys = await sumsOfNow(client, now)
  const states: BudgetState[] = []
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const read = await Promise.all(keys.slice(at, at + AT_ONCE).map((one) => stateOf(client, one, specOf)))
    for (const state of read) if (state !== null) states.push(state)
  }
  return states
}

interface Found extends ReadKey {
  readonly key: string
  readonly endsAt: number
}

async function sumsOfNow(client: Redis, now: number): Promise<Found[]> {
  const found = new Map<string, Found>()
  const scan = client.scanStream({ match: ALL_SUMS, count: 1_000 }) as AsyncIterable<string[]>
  for await (const keys of scan)
    for (const key of keys) {
      const read = readKey(key)
      if (read === null) continue
      const { startsAt, endsAt } = windowOf(read.identity.per, now)
      if (startsAt === read.startsAt && found.size < MOST) found.set(key, { ...read, key, endsAt })
    }
  return [...found.values()]
}

async function stateOf(client: Redis, { key, identity, who, places, endsAt }: Found, specOf: SpecOf) {
  const [values, flying] = await Promise.all([client.hmget(key, ...FIELDS), client.zcard(places)])
  const id = values[6] ?? who
  const spec = specOf(identity, id)
  if (spec === null) return null
  const { nanoUsd, tokens, requests, parallel } = spec
  const number = (index: number): number => Number(values[index] ?? 0)
  return {
    ...identity,
    id,
    windowEndsAt: identity.per === null ? null : endsAt,
    limit: { nanoUsd, tokens, requests, parallel },
    used: { nanoUsd: number(0), tokens: number(1), requests: number(2) },
    reserved: { nanoUsd: number(3), tokens: number(4) },
    inflight: parallel === null ? number(5) : flying,
  } satisfies BudgetState
}
