/** Everything that happens in the gateway beside its requests: one type for all that listen, and one table of how serious each kind is. */
import type { Entity, Period } from './budget.ts'
import type { ErrorCode } from './errors.ts'
import type { BackendState } from './backend-state.ts'

export interface BackendStateEvent {
  readonly event: 'backend_state'
  readonly backend: string
  readonly from: BackendState
  readonly state: BackendState
  readonly reason: string | null
  /** When it is over, or is tried again (ISO 8601); null: nobody knows. */
  readonly until: string | null
}

/** One of several keys of a backend was refused, and rests alone. */
export interface KeyRestEvent {
  readonly event: 'backend_key_rests'
  readonly backend: string
  /** Its name in the configuration, or its position there, from 1. */
  readonly key_name: string
  /** Only for this one; null: for all of them. */
  readonly model: string | null
  readonly why: ErrorCode
  readonly ms: number
}

/** Of what an engine publishes of its KV cache. */
export type KvEventsEvent =
  | { readonly event: 'kv_events_followed'; readonly backend: string }
  /** They do not come: what is kept is guessed again, as of every engine. */
  | { readonly event: 'kv_events_away'; readonly backend: string; readonly why: string }
  /** So many batches did not come, and nobody can say them again. */
  | { readonly event: 'kv_events_missed'; readonly backend: string; readonly batches: number }

export type BackendEvent = BackendStateEvent | KeyRestEvent | KvEventsEvent

/** An engine of this machine that appeared where nothing was configured. `address`: host and port; `models`: how many it lists. */
export interface EngineEvent {
  readonly event: 'engine_found'
  readonly backend: string
  readonly kind: string
  readonly address: string
  readonly models: number
}

/** Of an engine that the gateway starts itself. `backend`: its name. */
export type OwnEngineEvent =
  | { readonly event: 'engine_starting'; readonly backend: string; readonly group: string | null }
  /** It answers. `seconds`: since its start. */
  | { readonly event: 'engine_started'; readonly backend: string; readonly seconds: number }
  /** The gateway stopped it: nobody asked for it (`idle`), another one needed its place (`swap`), or it is another one by now, or not wanted (`changed`). */
  | {
      readonly event: 'engine_stopped'
      readonly backend: string
      readonly why: 'idle' | 'swap' | 'changed' | 'closing'
    }
  /** It ended by itself, or did not answer in time. `words`: what it printed last, of one that had no request yet. */
  | {
      readonly event: 'engine_failed'
      readonly backend: string
      readonly while: 'starting' | 'running'
      readonly why: string
      readonly words: readonly string[]
    }
  /** A gateway that is gone had left it running: it was ended. `kept`: that gateway is not gone. */
  | { readonly event: 'engine_left_over'; readonly port: string; readonly pid: number; readonly fate: 'ended' | 'kept' }
  /** What it prints may hold prompts. `left`: lines before it that were left out. */
  | { readonly event: 'engine_output'; readonly backend: string; readonly line: string; readonly left?: number }

/** About the file of keys. */
export interface KeyFileEvent {
  readonly event: 'keys_read' | 'keys_not_read' | 'keys_ignored' | 'keys_readable'
  readonly file: string
  readonly keys?: number
  /** Ids that the configuration has too. */
  readonly ids?: readonly string[]
  readonly why?: string
}

/** What outlives a restart: what was learnt, and what was counted of budgets. */
export type StoredName = 'state' | 'budgets'

export interface StateFileEvent {
  readonly event: `${StoredName}_${'loaded' | 'set_aside' | 'not_read' | 'not_written' | 'written_again'}`
  readonly file: string
  readonly why?: string
  /** Further failures since the last event of the same. */
  readonly more?: number
}

/** A budget is nearly spent, or is spent: the log gets it, and the webhook of the budget. */
export interface BudgetNotice {
  readonly event: 'budget_soft' | 'budget_exceeded'
  readonly budget: string
  readonly of: Entity
  readonly id: string
  readonly per: Period | null
  readonly limit: { readonly usd: number | null; readonly tokens: number | null; readonly requests: number | null }
  readonly used: { readonly usd: number; readonly tokens: number; readonly requests: number }
  /** ISO 8601. */
  readonly resets_at: string | null
}

export type BudgetEvent =
  | BudgetNotice
  /** `more`: further ones since the last event of this budget; there is one event a minute. */
  | { readonly event: 'webhook_dropped'; readonly budget: string; readonly why: string; readonly more?: number }
  /** The store that gateways share, which is Redis. */
  | { readonly event: 'store_away' | 'store_back' }
  | { readonly event: 'settlements_lost'; readonly count: number }

/** `why` is a code of the system. */
export type LedgerEvent =
  | ({ readonly folder: string } & (
      | { readonly event: 'ledger_away' | 'ledger_not_pruned'; readonly why: string }
      | { readonly event: 'ledger_back'; readonly pending_rows: number; readonly lost_rows: number }
      | { readonly event: 'ledger_rows_lost'; readonly lost_rows: number }
      | { readonly event: 'ledger_pruned'; readonly segments: number; readonly bytes: number }
    ))
  /** At the start, when it is read for what budgets and sessions had used. */
  | { readonly event: 'ledger_not_read'; readonly why: string }
  | { readonly event: 'ledger_damaged'; readonly lines: number; readonly files: number; readonly first: string | null }
  | { readonly event: 'ledger_torn'; readonly lines: number }
  /** Segments that only a later version can read. */
  | { readonly event: 'ledger_newer'; readonly files: number }

/** Never an address, never a header of the collector. */
export interface TelemetryEvent {
  readonly event: 'collector_away' | 'collector_back' | 'spans_lost'
  readonly signal: 'traces' | 'metrics'
  /** Error code or HTTP status. */
  readonly reason?: string
  /** Spans that were thrown away since the last event. */
  readonly lost?: number
}

export type AdminEvent =
  | { readonly event: 'admin_refused'; readonly address: string }
  /** `id`: of the key or the count that was changed; `by`: the address that the call came from. */
  | { readonly event: AdminChange; readonly name?: string; readonly id: string | null; readonly by: string }

export type AdminChange = 'key_created' | 'key_changed' | 'key_rotated' | 'key_revoked' | 'budget_reset'

/** Another configuration is in force. */
export interface PolicyEvent {
  readonly event: 'policy_applied'
  /** Names of backends. */
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  /** Options of the new configuration that count after a restart only. */
  readonly needs_restart: readonly string[]
}

/** An observer of finished requests threw, or what records or learns of one: all else is recorded. Never the message, which may quote a prompt. */
export interface ObserverEvent {
  readonly event: 'observer_failed'
  readonly type: string
  readonly code?: string
  readonly stack?: string
}

/** The process was asked to read its configuration again, which it cannot. */
export interface ProcessEvent {
  readonly event: 'nothing_to_reload'
  readonly signal: 'SIGHUP'
}

export type GatewayEvent =
  | BackendEvent
  | KeyRestEvent
  | EngineEvent
  | OwnEngineEvent
  | KeyFileEvent
  | StateFileEvent
  | BudgetEvent
  | LedgerEvent
  | TelemetryEvent
  | AdminEvent
  | PolicyEvent
  | ObserverEvent
  | ProcessEvent

export type EventName = GatewayEvent['event']

/** Takes an event; never throws. */
export type Emit = (event: GatewayEvent) => void

export type Level = 'debug' | 'info' | 'warn' | 'error'

/** The part of the gateway that an event is about: `msg` of its line in the log. */
export type Subsystem =
  'fleet' | 'engine' | 'keys' | 'state' | 'limits' | 'ledger' | 'telemetry' | 'admin' | 'policy' | 'request' | 'process'

interface EventFacts {
  readonly level: Level
  readonly of: Subsystem
}

/** In the order of the types above. */
export const EVENTS: Readonly<Record<EventName, EventFacts>> = {
  backend_state: { level: 'info', of: 'fleet' },
  backend_key_rests: { level: 'warn', of: 'fleet' },
  kv_events_followed: { level: 'info', of: 'fleet' },
  kv_events_away: { level: 'warn', of: 'fleet' },
  kv_events_missed: { level: 'warn', of: 'fleet' },
  engine_found: { level: 'info', of: 'fleet' },
  engine_starting: { level: 'info', of: 'engine' },
  engine_started: { level: 'info', of: 'engine' },
  engine_stopped: { level: 'info', of: 'engine' },
  engine_failed: { level: 'warn', of: 'engine' },
  engine_left_over: { level: 'warn', of: 'engine' },
  engine_output: { level: 'debug', of: 'engine' },
  keys_read: { level: 'info', of: 'keys' },
  keys_not_read: { level: 'warn', of: 'keys' },
  keys_ignored: { level: 'warn', of: 'keys' },
  keys_readable: { level: 'warn', of: 'keys' },
  state_loaded: { level: 'info', of: 'state' },
  state_set_aside: { level: 'info', of: 'state' },
  state_not_read: { level: 'info', of: 'state' },
  state_not_written: { level: 'info', of: 'state' },
  state_written_again: { level: 'info', of: 'state' },
  budgets_loaded: { level: 'info', of: 'limits' },
  budgets_set_aside: { level: 'info', of: 'limits' },
  budgets_not_read: { level: 'info', of: 'limits' },
  budgets_not_written: { level: 'info', of: 'limits' },
  budgets_written_again: { level: 'info', of: 'limits' },
  budget_soft: { level: 'info', of: 'limits' },
  budget_exceeded: { level: 'warn', of: 'limits' },
  webhook_dropped: { level: 'warn', of: 'limits' },
  store_away: { level: 'warn', of: 'limits' },
  store_back: { level: 'info', of: 'limits' },
  settlements_lost: { level: 'warn', of: 'limits' },
  ledger_away: { level: 'warn', of: 'ledger' },
  ledger_not_pruned: { level: 'warn', of: 'ledger' },
  ledger_back: { level: 'info', of: 'ledger' },
  ledger_rows_lost: { level: 'error', of: 'ledger' },
  ledger_pruned: { level: 'info', of: 'ledger' },
  ledger_not_read: { level: 'warn', of: 'ledger' },
  ledger_damaged: { level: 'warn', of: 'ledger' },
  ledger_torn: { level: 'info', of: 'ledger' },
  ledger_newer: { level: 'warn', of: 'ledger' },
  collector_away: { level: 'warn', of: 'telemetry' },
  collector_back: { level: 'info', of: 'telemetry' },
  spans_lost: { level: 'warn', of: 'telemetry' },
  admin_refused: { level: 'warn', of: 'admin' },
  key_created: { level: 'info', of: 'admin' },
  key_changed: { level: 'info', of: 'admin' },
  key_rotated: { level: 'info', of: 'admin' },
  key_revoked: { level: 'info', of: 'admin' },
  budget_reset: { level: 'info', of: 'admin' },
  policy_applied: { level: 'info', of: 'policy' },
  observer_failed: { level: 'error', of: 'request' },
  nothing_to_reload: { level: 'warn', of: 'process' },
}
