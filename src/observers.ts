/** Wiring: the observers of finished requests and the limiter, opened and closed in order. */
import { Books } from './accounting/books.ts'
import type { Lessons } from './accounting/teach.ts'
import { CountsFile } from './budgets/counts-file.ts'
import type { Limiter } from './budgets/limiter.ts'
import { type OpenLimiter, openLimiter } from './budgets/open.ts'
import { postJson } from './budgets/webhook.ts'
import { fingerprint } from './config/fingerprint.ts'
import type { EventBus } from './core/event-bus.ts'
import type { RequestObserver } from './core/request-record.ts'
import type { BudgetSpec } from './core/budget.ts'
import type { ModelStats } from './decision/learn/model-stats.ts'
import type { KeySpec } from './core/principal.ts'
import type { Config } from './core/settings.ts'
import { catchUp } from './ledger/catch-up.ts'
import { DamageCount } from './ledger/damage.ts'
import { Ledger } from './ledger/ledger.ts'
import type { BackendReading } from './observe/gateway/fleet-metrics.ts'
import type { PrefixMapReading } from './observe/gateway/prefix-metrics.ts'
import { Metrics } from './observe/gateway/metrics.ts'
import { LastHour } from './observe/headline/last-hour.ts'
import { LastWeek } from './observe/savings/last-week.ts'
import type { Log } from './observe/log/lines.ts'
import { loadTelemetry } from './observe/telemetry/load.ts'
import { Sessions } from './sessions/sessions.ts'
import { VERSION } from './version.ts'

export interface Observers {
  /** Where all finished requests go. */
  readonly books: Books
  readonly metrics: Metrics
  readonly limiter: Limiter
  readonly sessions: Sessions
  readonly lastHour: LastHour
  readonly lastWeek: LastWeek
  /** The client of Redis that gateways share; null where there is none. */
  readonly redis: OpenLimiter['redis']
  /** Before another configuration is in force. Throws a ConfigError where another gateway counts budgets into the same folder. */
  prepare(config: Config): Promise<void>
  /** Another configuration is in force, and its keys. */
  apply(config: Config): void
  /** After the last request has ended: what it came to is recorded. */
  close(): Promise<void>
}

export interface ObserverTools {
  readonly log: Log
  readonly events: EventBus
  /** All keys that there are. */
  readonly keys: () => readonly KeySpec[]
  readonly backends: () => readonly BackendReading[]
  readonly lessons: Lessons & Pick<ModelStats, 'strengthOf'>
  readonly prefixes: () => PrefixMapReading
  /** They see each finished request beside the gateway's own. */
  readonly others: readonly RequestObserver[]
}

/** Throws a ConfigError where another gateway counts budgets into the same folder. */
export async function openObservers(
  config: Config,
  { log, events, keys, backends, lessons, prefixes, others }: ObserverTools,
): Promise<Observers> {
  const { store, budgets } = config
  const { emit } = events
  const damage = new DamageCount()
  const own = (): BudgetSpec[] => keys().flatMap((key) => key.budgets)
  let limits: OpenLimiter | null = null
  let ledger: Ledger | null = null
  let books: Books | null = null
  const lastWeek = new LastWeek()
  const metrics = new Metrics({
    version: VERSION,
    configHash: fingerprint(config),
    backends,
    budgets: [...budgets, ...own()],
    prefixes,
    strengthOf: (hint) => lessons.strengthOf(hint),
    savings: () => lastWeek.savings(),
    limits: () => ({ budgets: limits?.limiter.states() ?? [], up: limits?.limiter.up ?? true }),
    ...(store.ledger === null ? {} : { ledger: () => ({ ...ledger!.state(), damagedLines: damage.damaged }) }),
  })
  events.subscribe(metrics.happened)
  events.subscribe((event) => {
    if (event.event === 'budget_soft') metrics.softReached(event.budget)
  })
  limits = await openLimiter(budgets, store.redis, {
    now: Date.now,
    own,
    emit,
    post: postJson,
    onRefused: (budget, reason) => metrics.refused(budget, reason),
  })
  const { limiter, local, redis } = limits
  const sessions = new Sessions()
  const lastHour = new LastHour()
  let counts: CountsFile | null = null
  if (store.ledger !== null) {
    const { folder } = store.ledger
    counts = local === null ? null : new CountsFile(folder, local, { seq: () => (books?.flush(), ledger!.seq), emit })
    if (mayCount(config, own())) await counts?.hold()
    await counts?.load()
    const afterSeq = counts?.counted ?? 0
    ledger = await Ledger.open(store.ledger, { emit, above: afterSeq })
    const ownOf = new Map(keys().map((key) => [key.id, key.budgets]))
    const counting = local === null || budgets.length + own().length === 0 ? null : local
    const follower = counting && { limiter: counting, afterSeq, own: ownOf }
    await catchUp(folder, { budgets: follower, recent: [sessions, lastHour, lastWeek] }, { damage, emit })
    counts?.start()
  }
  const kinds = new Map<string, string>()
  const learnKinds = ({ backends }: Config): void => {
    for (const { name, provider } of backends) kinds.set(name, provider.otelName ?? provider.kind)
  }
  learnKinds(config)
  const telemetry = await loadTelemetry(config.telemetry, { version: VERSION, kinds, emit })
  const observers = [
    metrics,
    log.observer(config.server.logDecisions),
    sessions,
    lastHour,
    lastWeek,
    ...some(telemetry),
    ...some(ledger),
  ]
  books = new Books({ observers: [...observers, ...others], lessons, emit })
  return {
    books,
    metrics,
    limiter,
    sessions,
    lastHour,
    lastWeek,
    redis,
    async prepare(next) {
      if (mayCount(next, own())) await counts?.hold()
    },
    apply(next) {
      limiter.apply(next.budgets)
      metrics.apply({ configHash: fingerprint(next), budgets: [...next.budgets, ...own()] })
      learnKinds(next)
    },
    async close() {
      books.flush()
      await telemetry?.close()
      await counts?.stop()
      await ledger?.close()
      await counts?.release()
      await limiter.close()
    },
  }
}

const some = <T>(one: T | null): T[] => (one === null ? [] : [one])

/** Whether there is a budget, or may be one: keys that are made at run time may have some. `own`: those of keys. */
const mayCount = ({ budgets, store }: Config, own: readonly BudgetSpec[]): boolean =>
  budgets.length > 0 || store.keys !== null || own.length > 0
