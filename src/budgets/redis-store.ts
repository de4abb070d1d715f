/** Counts that several gateways share, in Redis: what is asked of it, and how it is known whether it can be asked. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type Redis, ReplyError } from 'ioredis'
import type { BudgetSpec } from '../core/budget.ts'
import type { SpendEstimate } from '../core/settlement.ts'
import type { Block, Sums } from './count.ts'
import type { BudgetState } from './limiter.ts'
import {
  countOf,
  hasSums,
  hiddenId,
  isOf,
  lifeOf,
  EPOCH_KEY,
  type SharedCount,
  sharedCount,
  sumsOf,
} from './redis-keys.ts'
import { CONNECT_MS, PatientRedis } from './patient-redis.ts'
import { statesIn } from './redis-states.ts'
import type { SpecOf } from './rules.ts'
import { FIRST, REFRESH, REMIND, RESERVE, RESET, SETTLE } from './redis-scripts.ts'

const RESET_AT_ONCE = 500

/** A request that holds something. */
export interface Lease {
  readonly id: string
  readonly counts: readonly SharedCount[]
  readonly claim: SpendEstimate
  /** The name of the memory that it is held in; '' = it may be, but nobody heard. */
  epoch: string
}

/** `held`: requests of those that are under way, of all gateways. */
export interface Used extends Sums {
  readonly held: number
}

/** `forgotten`: it does not know what was spent before, and is to be reminded of it first. `refused`: the count at `at` stands against it. */
export type Reserved =
  | { readonly epoch: string; readonly outcome: 'taken' | 'forgotten' }
  | { readonly epoch: string; readonly outcome: 'refused'; readonly at: number; readonly block: Block }

type Arguments = readonly (string | number)[]

interface Scripts {
  turnoutReserve(
    keys: number,
    ...rest: Arguments
  ): Promise<[string, number, Block['reason']?, number?, number?, number?]>
  turnoutSettle(keys: number, ...rest: Arguments): Promise<[string, -1 | [string, string, string, string][]]>
  turnoutRefresh(keys: number, ...rest: Arguments): Promise<[string]>
  turnoutRemind(keys: number, ...rest: Arguments): Promise<[string]>
  turnoutReset(keys: number, ...rest: Arguments): Promise<unknown>
  turnoutFirst(keys: number, ...rest: Arguments): Promise<number>
}

export class RedisStore {
  readonly client: Redis
  readonly #scripts: Scripts
  /** What a memory that has no name yet is called by this process. */
  readonly #name = randomUUID()
  #named = 0

  constructor(url: string) {
    this.client = new PatientRedis(url)
    // Each failed command is told by whoever sent it; without a listener the first one would end the process.
    this.client.on('error', () => undefined)
    this.client.defineCommand('turnoutReserve', { lua: RESERVE })
    this.client.defineCommand('turnoutSettle', { lua: SETTLE })
    this.client.defineCommand('turnoutRefresh', { lua: REFRESH })
    this.client.defineCommand('turnoutRemind', { lua: REMIND })
    this.client.defineCommand('turnoutReset', { lua: RESET })
    this.client.defineCommand('turnoutFirst', { lua: FIRST })
    this.#scripts = this.client as unknown as Scripts
  }

  /** Waits a moment for the first connection; a gateway starts without Redis as well. */
  async ready(): Promise<void> {
    if (this.client.status === 'ready') return
    const signal = AbortSignal.timeout(2 * CONNECT_MS)
    await once(this.client, 'ready', { signal }).catch(() => undefined)
  }

  count(spec: BudgetSpec, id: string, now: number): SharedCount {
    return sharedCount(spec, id, now)
  }

  /** All that follow reject where Redis cannot be asked. `known`: the memory that this process has heard of last; '' = none. */
  async reserve({ id, counts, claim }: Lease, leaseMs: number, known: string, now: number): Promise<Reserved> {
    const limits = counts.flatMap((count) => {
      const { nanoUsd, tokens, requests, parallel } = count.spec
      return [
        nanoUsd ?? -1,
        tokens ?? -1,
        requests ?? -1,
        parallel ?? -1,
        lifeOf(count, now),
        hiddenId(count.id),
        count.spec.clamp ? 1 : 0,
      ]
    })
    const [epoch, at, reason, held, left, others] = await this.#scripts.turnoutReserve(
      ...this.#begin(counts),
      id,
      leaseMs,
      claim.nanoUsd,
      claim.tokens,
      known,
      ...limits,
    )
    if (reason !== undefined) {
      const block = { reason, held: held === 1, left: left === -1 ? null : left!, others: others! > 0 }
      return { epoch, outcome: 'refused', at: at - 1, block }
    }
    return { epoch, outcome: at === 0 ? 'taken' : 'forgotten' }
  }

  /** `actual` null: it was not sent after all. What is used of each afterwards; null = Redis has forgotten, as above. */
  async settle(
    { id, counts, claim, epoch }: Lease,
    actual: SpendEstimate | null,
    known: string,
    now: number,
  ): Promise<readonly Used[] | null> {
    const [, used] = await this.#scripts.turnoutSettle(
      ...this.#begin(counts),
      id,
      claim.nanoUsd,
      claim.tokens,
      actual?.nanoUsd ?? 0,
      actual?.tokens ?? 0,
      epoch,
      actual === null ? 1 : 0,
      known,
      ...counts.flatMap((count) => [hasSums(count) ? 1 : 0, lifeOf(count, now)]),
    )
    return used === -1 ? null : used.map(sums)
  }

  /** Goes on with a lease. The name of the memory that it is held in now. */
  async refresh({ id, counts, claim, epoch }: Lease, leaseMs: number, now: number): Promise<string> {
    const [held] = await this.#scripts.turnoutRefresh(
      ...this.#begin(counts),
      id,
      leaseMs,
      claim.nanoUsd,
      claim.tokens,
      epoch,
      ...counts.flatMap((count) => [hasSums(count) ? 1 : 0, count.spec.parallel === null ? 0 : 1, lifeOf(count, now)]),
    )
    return held
  }

  /** Tells what was used at the least, to a memory that has forgotten it. Without any it asks whether Redis takes writes. The name of its memory. */
  async reseed(known: readonly (readonly [SharedCount, Sums])[], now: number): Promise<string> {
    const counts = known.map(([count]) => count)
    const values = known.flatMap(([count, used]) => [used.nanoUsd, used.tokens, used.requests, lifeOf(count, now)])
    const [epoch] = await this.#scripts.turnoutRemind(...this.#begin(counts), ...values)
    return epoch
  }

  /** What is used of each, as it stands, and the name of the memory; null = it has none. */
  async read(counts: readonly SharedCount[]): Promise<{ epoch: string | null; used: readonly Used[] }> {
    const asked = counts.map(({ keys }) => this.client.hmget(keys[0], 'usd', 'tokens', 'requests', 'held'))
    const [epoch, ...used] = await Promise.all([this.client.get(EPOCH_KEY), ...asked])
    return { epoch, used: used.map(sums) }
  }

  /** All counts that Redis knows, in the windows of `now`. */
  states(specOf: SpecOf, now: number): Promise<BudgetState[]> {
    return statesIn(this.client, specOf, now)
  }

  /** Sets what is used back to nothing, of one id or of all, in all windows that are kept. How many counts there were. */
  async reset(name: string, id: string | null): Promise<number> {
    const found = new Set<string>()
    const scan = this.client.scanStream({ match: sumsOf(name), count: 1_000 }) as AsyncIterable<string[]>
    for await (const keys of scan) for (const key of keys) if (isOf(key, id)) found.add(key)
    const keys = [...found]
    for (let at = 0; at < keys.length; at += RESET_AT_ONCE) {
      const some = keys.slice(at, at + RESET_AT_ONCE)
      await this.#scripts.turnoutReset(some.length, ...some)
    }
    return new Set(keys.map(countOf)).size
  }

  /** True for one caller among all processes, once in the window of the count. */
  async first(count: SharedCount, what: string, now: number): Promise<boolean> {
    return (await this.#scripts.turnoutFirst(1, count.keys[0], what, lifeOf(count, now))) === 1
  }

  /** Gives up a connection on which no answer came, and makes another: until then commands fail at once instead of late. */
  failed(thrown: unknown): void {
    if (this.client.status === 'ready' && !(thrown instanceof ReplyError)) this.client.disconnect(true)
  }

  close(): void {
    this.client.disconnect()
  }

  #begin(counts: readonly SharedCount[]): [number, ...(string | number)[]] {
    const keys = [EPOCH_KEY, ...counts.flatMap(({ keys }) => [...keys])]
    return [keys.length, ...keys, `${this.#name}.${++this.#named}`]
  }
}

const sums = ([usd, tokens, requests, held]: readonly (string | null | undefined)[]): Used => ({
  nanoUsd: Number(usd ?? 0),
  tokens: Number(tokens ?? 0),
  requests: Number(requests ?? 0),
  held: Number(held ?? 0),
})
