/** Counts that several gateways share, in Redis: what is asked of it, and how it is known whether it can be asked. */
import { once } from 'node:events'
import { Redis } from 'ioredis'
import type { BudgetSpec } from '../core/principal.ts'
import type { Claim } from '../core/settlement.ts'
import type { Block } from './count.ts'
import { ADD, REFRESH, RESERVE, SETTLE } from './redis-scripts.ts'
import { windowOf } from './windows.ts'

/** A count as Redis knows it. */
export interface SharedCount {
  readonly spec: BudgetSpec
  readonly id: string
  readonly keys: readonly [string, string, string]
  /** Epoch ms. */
  readonly endsAt: number
}

/** Longer than this an answer is worth no wait: requests are held up for it. Shorter ones end when hundreds of requests come at once. */
const COMMAND_MS = 1_000
const CONNECT_MS = 1_000
/** What is over is of use to nobody, but a request that began in it may still settle. */
const AFTERLIFE_MS = 3_600_000

/** All keys of a gateway's budgets are in one slot of a cluster: a request touches several at once. */
const PREFIX = 'turnout:{budgets}'

interface Scripts {
  turnoutReserve(keys: number, ...rest: (string | number)[]): Promise<[number, Block['reason']?, number?]>
  turnoutSettle(keys: number, ...rest: (string | number)[]): Promise<[string, string, string][]>
  turnoutAdd(keys: number, ...rest: (string | number)[]): Promise<unknown>
  turnoutRefresh(keys: number, ...rest: (string | number)[]): Promise<unknown>
}

export class RedisStore {
  readonly client: Redis
  readonly #scripts: Scripts

  constructor(url: string) {
    this.client = new Redis(url, {
      commandTimeout: COMMAND_MS,
      connectTimeout: CONNECT_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(1_000, 50 * attempt),
    })
    // Each failed command is told by whoever sent it; without a listener the first one would end the process.
    this.client.on('error', () => undefined)
    this.client.defineCommand('turnoutReserve', { lua: RESERVE })
    this.client.defineCommand('turnoutSettle', { lua: SETTLE })
    this.client.defineCommand('turnoutAdd', { lua: ADD })
    this.client.defineCommand('turnoutRefresh', { lua: REFRESH })
    this.#scripts = this.client as unknown as Scripts
  }

  /** Waits a moment for the first connection; a gateway starts without Redis as well. */
  async ready(): Promise<void> {
    if (this.client.status === 'ready') return
    const signal = AbortSignal.timeout(2 * CONNECT_MS)
    await once(this.client, 'ready', { signal }).catch(() => undefined)
  }

  count(spec: BudgetSpec, id: string, now: number): SharedCount {
    const { startsAt, endsAt } = windowOf(spec.per, now)
    const name = `${spec.name}:${spec.of}:${spec.per ?? ''}`
    const windowed = `${name}:${startsAt}:${id}`
    const keys = [`${PREFIX}:h:${windowed}`, `${PREFIX}:l:${windowed}`, `${PREFIX}:p:${name}:${id}`] as const
    return { spec, id, keys, endsAt }
  }

  /** Null where it is taken; else which of them stands against it. Rejects where Redis cannot be asked. */
  async reserve(
    counts: readonly SharedCount[],
    requestId: string,
    leaseMs: number,
    claim: Claim,
    now: number,
  ): Promise<{ readonly at: number; readonly block: Block } | null> {
    const limits = counts.flatMap(({ spec, endsAt }) => [
      spec.nanoUsd ?? -1,
      spec.tokens ?? -1,
      spec.requests ?? -1,
      spec.parallel ?? -1,
      lifeOf(endsAt, now),
    ])
    const [at, reason, held] = await this.#scripts.turnoutReserve(
      3 * counts.length,
      ...keysOf(counts),
      requestId,
      leaseMs,
      claim.nanoUsd,
      claim.tokens,
      ...limits,
    )
    return at === 0 || reason === undefined ? null : { at: at - 1, block: { reason, held: held === 1 } }
  }

  /** What is used of each afterwards. */
  async settle(
    counts: readonly SharedCount[],
    requestId: string,
    claim: Claim,
    actual: Claim,
    sure: boolean,
  ): Promise<readonly (Claim & { readonly requests: number })[]> {
    const used = await this.#scripts.turnoutSettle(
      3 * counts.length,
      ...keysOf(counts),
      requestId,
      claim.nanoUsd,
      claim.tokens,
      actual.nanoUsd,
      actual.tokens,
      sure ? 1 : 0,
    )
    return used.map(([usd, tokens, requests]) => ({
      nanoUsd: Number(usd),
      tokens: Number(tokens),
      requests: Number(requests),
    }))
  }

  async add(counts: readonly SharedCount[], actual: Claim, now: number): Promise<void> {
    const lives = counts.map(({ endsAt }) => lifeOf(endsAt, now))
    await this.#scripts.turnoutAdd(3 * counts.length, ...keysOf(counts), actual.nanoUsd, actual.tokens, ...lives)
  }

  async refresh(counts: readonly SharedCount[], requestId: string, leaseMs: number, claim: Claim): Promise<void> {
    const { nanoUsd, tokens } = claim
    await this.#scripts.turnoutRefresh(3 * counts.length, ...keysOf(counts), requestId, leaseMs, nanoUsd, tokens)
  }

  /** What is used, as it stands. */
  async read({ keys }: SharedCount): Promise<Claim & { readonly requests: number; readonly inflight: number }> {
    const [usd, tokens, requests] = await this.client.hmget(keys[0], 'usd', 'tokens', 'requests')
    const inflight = await this.client.zcount(keys[2], Date.now(), '+inf')
    return { nanoUsd: Number(usd ?? 0), tokens: Number(tokens ?? 0), requests: Number(requests ?? 0), inflight }
  }

  /** Sets what is used back to nothing, of one id or of all, in all windows that are kept. How many there were. */
  async reset(name: string, id: string | null): Promise<number> {
    let found = 0
    const match = `${PREFIX}:h:${escaped(name)}:*${id === null ? '' : `:${escaped(id)}`}`
    for await (const keys of this.client.scanStream({ match, count: 500 }) as AsyncIterable<string[]>)
      for (const key of keys) {
        await this.client.hset(key, { usd: 0, tokens: 0, requests: 0 })
        found++
      }
    return found
  }

  async ping(): Promise<void> {
    await this.client.ping()
  }

  /** True for one caller among all processes, once in `ms`. */
  async first(what: string, ms: number): Promise<boolean> {
    return (await this.client.set(`${PREFIX}:told:${what}`, 1, 'PX', Math.max(1, Math.round(ms)), 'NX')) === 'OK'
  }

  close(): void {
    this.client.disconnect()
  }
}

const keysOf = (counts: readonly SharedCount[]): string[] => counts.flatMap(({ keys }) => [...keys])

/** A limit without a window has no sums that could be over: its keys go a day after the last request. */
const lifeOf = (endsAt: number, now: number): number =>
  endsAt === Infinity ? 86_400_000 : Math.max(1, endsAt - now) + AFTERLIFE_MS

const escaped = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&')
