/** All who write down what requests take, and who say whether they may: put together, and ended, here. */
import { join } from 'node:path'
import { fingerprint } from './config/fingerprint.ts'
import { ConfigError } from './config/issues.ts'
import type { RequestObserver } from './core/settlement.ts'
import type { Config } from './core/settings.ts'
import { spentOf } from './core/total.ts'
import { totalOfRow } from './core/total-row.ts'
import type { KeyStore } from './keys/key-store.ts'
import { DamageCount } from './ledger/damage.ts'
import { Ledger, type LedgerEvent } from './ledger/ledger.ts'
import { readLedger } from './ledger/read.ts'
import type { Limiter, LimiterOptions, LimitsEvent } from './budgets/limiter.ts'
import { MemoryLimiter } from './budgets/memory.ts'
import type { RedisStore } from './budgets/redis-store.ts'
import { SharedLimiter } from './budgets/shared.ts'
import { storedCounts, type KeptTools } from './budgets/snapshot.ts'
import { postJson } from './budgets/webhook.ts'
import { windowOf } from './budgets/windows.ts'
import { DecisionTexts } from './observe/log/decision-text.ts'
import type { BackendReading } from './observe/gateway/fleet-metrics.ts'
import type { Log } from './observe/log/log.ts'
import { Metrics } from './observe/gateway/metrics.ts'
import { RequestLogBook } from './observe/log/request-log.ts'
import { Sessions } from './sessions/sessions.ts'
import { type Hold, holdFile } from './store/hold-file.ts'
import { StateFile } from './store/state-file.ts'
import type { Telemetry } from './observe/telemetry/telemetry.ts'
import { VERSION } from './version.ts'

export interface Accounts {
  readonly books: readonly RequestObserver[]
  readonly metrics: Metrics
  readonly limiter: Limiter
  readonly sessions: Sessions
  /** The client of Redis that gateways share; null where there is none. */
  readonly redis: unknown
  /** After the last request has ended. */
  close(): Promise<void>
}

interface AccountTools {
  readonly log: Log
  readonly keys: KeyStore
  readonly backends: () => readonly BackendReading[]
}

export async function openAccounts(config: Config, { log, keys, backends }: AccountTools): Promise<Accounts> {
  const decisions = new DecisionTexts()
  const damage = new DamageCount()
  const metrics: Metrics = new Metrics({
    version: VERSION,
    configHash: fingerprint(config),
    backends,
    budgets: [...config.budgets, ...keys.specs.flatMap(({ budgets }) => budgets)],
    limits: () => ({ budgets: limiter.states(), up: limiter.up }),
    ...(config.store.ledger === null ? {} : { ledger: () => ({ ...ledger!.state(), damagedLines: damage.damaged }) }),
  })
  const options: LimiterOptions = {
    now: Date.now,
    own: () => keys.specs.flatMap(({ budgets }) => budgets),
    tell: (event) => {
      if (event.event === 'budget_soft') metrics.softReached(event.budget)
      log.events[LIMIT_LEVELS[event.event]](event, 'limits')
    },
    post: postJson,
    onRefused: (budget, reason) => metrics.refused(budget, reason),
  }
  const shared = await openShared(config)
  const local = shared === null ? new MemoryLimiter(config.budgets, options) : null
  const limiter: Limiter = local ?? new SharedLimiter(config.budgets, shared!, options)
  let counted = 0
  const kept =
    local === null
      ? null
      : keepCounts(config, log, local, {
          seq: () => ledger!.seq,
          loaded: (seq) => (counted = seq),
        })
  const hold = kept === null || !counts(config, keys) ? null : await holdCounts(config)
  await kept?.load()
  const ledger = await openLedger(config, counted, decisions, log)
  const sessions = new Sessions()
  if (ledger !== null) {
    try {
      if (local !== null) await catchUp(config, local, counted, keys, damage)
      await recall(config, sessions, damage)
    } catch (thrown) {
      // A gateway starts without its disk as well; before the first start there is no folder.
      const why = (thrown as NodeJS.ErrnoException).code ?? 'unknown error'
      if (why !== 'ENOENT') log.events.warn({ event: 'ledger_not_read', why }, 'ledger')
    }
  }
  sayDamage(damage, log)
  kept?.start()
  const telemetry = await startTelemetry(config, log)
  return {
    metrics,
    limiter,
    sessions,
    redis: shared?.client ?? null,
    books: [metrics, new RequestLogBook(log, decisions), sessions, ...some(telemetry), ...some(ledger)],
    async close() {
      await telemetry?.close()
      await kept?.stop()
      await ledger?.close()
      await hold?.release()
      await limiter.close()
    },
  }
}

const some = <T>(one: T | null): T[] => (one === null ? [] : [one])

/** Null where the configuration names none; its client is loaded only where one is named. */
async function openShared({ store: { redis } }: Config): Promise<RedisStore | null> {
  if (redis === null) return null
  const { RedisStore } = await import('./budgets/redis-store.ts')
  const store = new RedisStore(redis)
  await store.ready()
  return store
}

async function openLedger(config: Config, above: number, decisions: DecisionTexts, log: Log): Promise<Ledger | null> {
  const { ledger: place } = config.store
  const tell = (event: LedgerEvent): void => log.events[LEDGER_LEVELS[event.event]](event, 'ledger')
  return place === null ? null : await Ledger.open(place, { tell, decisions, above })
}

/** Beside the ledger, which tells what came after it was written. Null where there is no ledger. */
function keepCounts({ store }: Config, log: Log, limiter: MemoryLimiter, tools: KeptTools): StateFile | null {
  if (store.ledger === null) return null
  return new StateFile(countsFile(store.ledger.folder), storedCounts(limiter, tools), (event) =>
    log.events.info(event, 'limits'),
  )
}

const countsFile = (folder: string): string => join(folder, 'budgets.json')

/** Whether there is a budget, or may be one: keys that are made at run time may have some. */
const counts = (config: Config, keys: KeyStore): boolean =>
  config.budgets.length > 0 || config.store.keys !== null || keys.specs.some(({ budgets }) => budgets.length > 0)

/** Two gateways that count alone into one file would each undo what the other has counted, and spend each budget twice. */
async function holdCounts({ store }: Config): Promise<Hold | null> {
  const { folder } = store.ledger!
  const hold = await holdFile(countsFile(folder))
  if (typeof hold !== 'string') return hold
  const message =
    `budgets are counted into ${folder} by another gateway, ${hold}, and each of the two would spend all of them; ` +
    'give each gateway a folder of its own, or let them count together with store.redis'
  throw new ConfigError([{ path: 'store.ledger', message }])
}

/** Adds to the counts what the ledger has and they do not yet: the last second before a process was killed, or all of the month. */
async function catchUp(
  config: Config,
  limiter: MemoryLimiter,
  afterSeq: number,
  keys: KeyStore,
  damage: DamageCount,
): Promise<void> {
  const own = new Map(keys.specs.map(({ id, budgets }) => [id, budgets]))
  if (config.budgets.length === 0 && [...own.values()].every((budgets) => budgets.length === 0)) return
  const since = windowOf('month', Date.now()).startsAt
  const reading = { kind: 'request', afterSeq, since, onDamage: damage.add } as const
  for await (const row of readLedger(config.store.ledger!.folder, reading)) {
    // One that was refused was never counted.
    if (row.attempts === null || row.attempts === 0) continue
    const { key, team, user, route, session, agent } = row
    const startedAt = Date.parse(row.at) - row.total_ms
    const actual = spentOf(totalOfRow(row))
    limiter.replay({ key, team, user, route, session, agent }, own.get(key) ?? [], startedAt, actual)
  }
}

/** Sessions that are still under way, most likely: a start waits for it. */
async function recall(config: Config, sessions: Sessions, damage: DamageCount): Promise<void> {
  const reading = { kind: 'request', since: Date.now() - RECALLED_MS, onDamage: damage.add } as const
  for await (const row of readLedger(config.store.ledger!.folder, reading)) sessions.replay(row)
}

/** What was spent by requests whose rows cannot be read is in no count. A torn end is what any kill leaves. */
function sayDamage({ damaged, torn, files, first }: DamageCount, log: Log): void {
  if (damaged > 0) log.events.warn({ event: 'ledger_damaged', lines: damaged, files, first }, 'ledger')
  if (torn > 0) log.events.info({ event: 'ledger_torn', lines: torn }, 'ledger')
}

const RECALLED_MS = 6 * 3_600_000

/** OpenTelemetry is loaded only where it is asked for: it takes longer to load than the rest of the gateway together. */
async function startTelemetry(config: Config, log: Log): Promise<Telemetry | null> {
  if (config.telemetry === null) return null
  const module = await import('./observe/telemetry/telemetry.ts')
  return new module.Telemetry(config.telemetry, {
    version: VERSION,
    kinds: new Map(config.backends.map(({ name, provider }) => [name, provider.kind])),
    onEvent: (event) => log.events[event.event === 'collector_back' ? 'info' : 'warn'](event, 'telemetry'),
  })
}

const LIMIT_LEVELS: Readonly<Record<LimitsEvent['event'], 'info' | 'warn'>> = {
  budget_soft: 'info',
  budget_exceeded: 'warn',
  webhook_dropped: 'warn',
  store_away: 'warn',
  store_back: 'info',
  settlements_lost: 'warn',
}

const LEDGER_LEVELS = {
  ledger_away: 'warn',
  ledger_back: 'info',
  ledger_rows_lost: 'error',
  ledger_pruned: 'info',
  ledger_not_pruned: 'warn',
} as const
