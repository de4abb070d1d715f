/** What happens beside requests, each in one line for people. */
import type { BackendState } from '../../../core/backend-state.ts'
import type { AdminChange, BudgetNotice, EventName, GatewayEvent, StateFileEvent } from '../../../core/events.ts'
import { nanoUsdOf } from '../../../core/money.ts'
import { amount } from '../../../core/amount.ts'
import { durationText } from '../../../core/units.ts'
import { dollars } from './figures.ts'

/** The events that have this name. */
export type Named<E extends EventName> = NamedIn<GatewayEvent, E>
type NamedIn<G, E extends EventName> = G extends { readonly event: infer N } ? (E extends N ? G : never) : never

type Words = { readonly [E in EventName]: (event: Named<E>) => string | null }

/** Null where the start screen has said it already: a backend is ready when it was looked at for the first time. */
export const wordsOf = <E extends EventName>(event: Named<E>): string | null => WORDS[event.event as E](event)

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`
const because = (why: string | null = null): string => (why === null || why === '' ? '' : `: ${why}`)
const more = (count: number | undefined, of: string): string =>
  count === undefined || count === 0 ? '' : ` (and ${plural(count, `more ${of}`)})`

const LEARNT = 'what was learnt'
const USED = 'what budgets had used'
const loaded =
  (what: string) =>
  ({ file }: StateFileEvent): string =>
    `${what} was read from ${file}`
const setAside =
  (what: string) =>
  ({ file, why }: StateFileEvent): string =>
    `${what} cannot be used, is set aside as ${file} and begins anew${because(why)}`
const notRead =
  (what: string) =>
  ({ file, why }: StateFileEvent): string =>
    `${what} cannot be read from ${file}${because(why)}`
const notWritten =
  (what: string) =>
  ({ file, why, more: further }: StateFileEvent): string =>
    `${what} cannot be written to ${file}${because(why)}${more(further, 'failure')}`
const writtenAgain =
  (what: string) =>
  ({ file }: StateFileEvent): string =>
    `${what} is written to ${file} again`

/** `team blue has used $4.02 of $5 a day of budget team-day` */
function usedWords({ budget, of, id, per, limit, used, resets_at }: BudgetNotice): string {
  const parts = [
    limit.usd === null ? null : `${dollars(nanoUsdOf(used.usd))} of $${limit.usd}`,
    limit.tokens === null ? null : `${amount(used.tokens)} of ${amount(limit.tokens)} tokens`,
    limit.requests === null ? null : `${amount(used.requests)} of ${plural(limit.requests, 'request')}`,
  ].filter((part) => part !== null)
  const whose = of === 'gateway' ? 'the gateway' : `${of} ${id}`
  const until = resets_at === null ? '' : `; it begins anew at ${resets_at}`
  return `budget ${budget}: ${whose} has used ${parts.join(', ')}${per === null ? '' : ` a ${per}`}${until}`
}

const changed =
  (did: string) =>
  ({
    name,
    id,
    by,
  }: {
    readonly event: AdminChange
    readonly name?: string
    readonly id: string | null
    readonly by: string
  }) =>
    `${did}${name === undefined ? '' : ` ${name}`}${id === null ? '' : ` ${id}`}, asked by ${by}`

const STOPPED = {
  idle: 'nobody asked for it',
  swap: 'another engine needs its place',
  changed: 'it is described in another way, or not any more',
  closing: 'the gateway ends',
}

const SIGNALS = { traces: 'traces', metrics: 'metrics' }

/** Null: it comes and goes with the load, and nobody has to do anything. */
const STATE_WORDS: Readonly<Record<BackendState, string | null>> = {
  unknown: 'is not known yet',
  ready: 'is ready',
  busy: null,
  sleeping: 'is sleeping',
  warming_up: 'is loading',
  full: 'is full',
  rate_limited: 'is at its rate limit',
  auth_error: 'refuses its key',
  down: 'is down',
}

const WORDS: Words = {
  backend_state({ backend, from, state, reason }) {
    const words = STATE_WORDS[state]
    if (words === null || (state === 'ready' && (from === 'unknown' || from === 'busy'))) return null
    if (state === 'ready' && from === 'ready' && reason === null) return null
    const again = state === 'ready' && from !== 'ready' && from !== 'warming_up' ? ' again' : ''
    return `backend ${backend} ${words}${again}${because(reason === 'loading' ? null : reason)}`
  },
  kv_events_followed: ({ backend }) => `${backend} says what its KV cache keeps`,
  kv_events_away: ({ backend, why }) => `${backend} does not say what its KV cache keeps${because(why)}`,
  kv_events_missed: ({ backend, batches }) =>
    `${backend}: ${plural(batches, 'batch').replace(/batchs$/, 'batches')} of KV events did not come, and cannot be asked for again`,
  backend_key_rests: ({ backend, key_name: name, model, why, ms }) =>
    `key ${name} of backend ${backend} rests for ${durationText(ms)}${model === null ? '' : ` for ${model}`} (${why}); the others go on`,
  engine_found: ({ backend, kind, address, models }) =>
    `found ${backend === kind ? kind : `${backend} (${kind})`} at ${address}: ${plural(models, 'model')}`,
  engine_starting: ({ backend, group }) => `engine ${backend} is started${group === null ? '' : ` (group ${group})`}`,
  engine_started: ({ backend, seconds }) => `engine ${backend} answers after ${seconds.toFixed(1)} s`,
  engine_stopped: ({ backend, why }) => `engine ${backend} was stopped: ${STOPPED[why]}`,
  engine_failed({ backend, while: phase, why, words }) {
    const said = words.length === 0 ? '' : `; its last words:\n${words.map((line) => `    ${line}`).join('\n')}`
    return `engine ${backend} ${phase === 'starting' ? 'did not start' : 'failed'}${because(why)}${said}`
  },
  engine_left_over: ({ port, pid, fate }) =>
    fate === 'ended'
      ? `process ${pid} was left on port ${port} by a gateway that is gone, and was ended`
      : `process ${pid} on port ${port} is an engine of another gateway`,
  engine_output: ({ backend, line, left }) =>
    `${backend}: ${left === undefined ? '' : `(${plural(left, 'line')} left out) `}${line}`,
  keys_read: ({ file, keys = 0 }) => `${plural(keys, 'key')} read from ${file}`,
  keys_not_read: ({ file, why }) => `keys cannot be read from ${file}${because(why)}`,
  keys_ignored: ({ file, ids = [], why }) => `keys of ${file} do not count${because(why)} (${ids.join(', ')})`,
  keys_readable: ({ file, why }) => `the keys in ${file} are not safe${because(why)}`,
  state_loaded: loaded(LEARNT),
  state_set_aside: setAside(LEARNT),
  state_not_read: notRead(LEARNT),
  state_not_written: notWritten(LEARNT),
  state_written_again: writtenAgain(LEARNT),
  budgets_loaded: loaded(USED),
  budgets_set_aside: setAside(USED),
  budgets_not_read: notRead(USED),
  budgets_not_written: notWritten(USED),
  budgets_written_again: writtenAgain(USED),
  budget_soft: usedWords,
  budget_exceeded: (notice) => `${usedWords(notice)}; requests are refused`,
  webhook_dropped: ({ budget, why, more: further }) =>
    `the webhook of budget ${budget} was not told: ${why}${more(further, 'notice')}`,
  store_away: () => 'Redis does not answer: budgets go by what this gateway knows',
  store_back: () => 'Redis answers again',
  settlements_lost: ({ count }) =>
    `what ${plural(count, 'request')} came to did not reach Redis, and does not count there`,
  ledger_away: ({ folder, why }) => `the ledger cannot be written to ${folder}: ${why}; its rows wait in memory`,
  ledger_not_pruned: ({ folder, why }) => `old parts of the ledger in ${folder} cannot be deleted: ${why}`,
  ledger_back: ({ folder, pending_rows, lost_rows }) =>
    `the ledger is written to ${folder} again, with ${plural(pending_rows, 'row')} that waited; ${plural(lost_rows, 'row')} lost`,
  ledger_rows_lost: ({ folder, lost_rows }) =>
    `the ledger in ${folder} lost ${plural(lost_rows, 'row')}: no room to keep them`,
  ledger_pruned: ({ segments, bytes }) =>
    `${plural(segments, 'old part')} of the ledger deleted (${(bytes / 1e6).toFixed(1)} MB)`,
  ledger_not_read: ({ why }) => `the ledger cannot be read for what budgets and sessions had used: ${why}`,
  ledger_damaged: ({ lines, files, first }) =>
    `the ledger has ${plural(lines, 'line')} that cannot be read in ${plural(files, 'file')}${first === null ? '' : `, the first in ${first}`}`,
  ledger_torn: ({ lines }) => `the ledger ends in ${plural(lines, 'line')} cut short by an earlier stop`,
  ledger_newer: ({ files }) => `${plural(files, 'file')} of the ledger can be read by a later version only`,
  collector_away: ({ signal, reason }) => `the collector does not take ${SIGNALS[signal]}${because(reason)}`,
  collector_back: ({ signal, lost }) =>
    `the collector takes ${SIGNALS[signal]} again${lost === undefined || lost === 0 ? '' : `; ${plural(lost, 'span')} lost`}`,
  spans_lost: ({ lost = 0 }) => `${plural(lost, 'span')} lost: the collector is too slow, or away`,
  admin_refused: ({ address }) => `admin API: wrong token from ${address}`,
  key_created: changed('key created:'),
  key_changed: changed('key changed:'),
  key_rotated: changed('key rotated:'),
  key_revoked: changed('key revoked:'),
  budget_reset: changed('budget reset:'),
  policy_applied({ added, changed: other, removed, needs_restart }) {
    const parts = [
      ['added', added],
      ['changed', other],
      ['removed', removed],
    ] as const
    const backends = parts.filter(([, names]) => names.length > 0).map(([did, names]) => `${did} ${names.join(', ')}`)
    const restart = needs_restart.length === 0 ? '' : `; counts after a restart only: ${needs_restart.join(', ')}`
    return `configuration in force; backends: ${backends.join('; ') || 'as before'}${restart}`
  },
  observer_failed: ({ type, code, stack }) =>
    `what records finished requests failed: ${type}${code === undefined ? '' : ` ${code}`}${stack === undefined ? '' : `\n${stack}`}`,
  nothing_to_reload: ({ signal }) => `${signal}: nothing to reload; restart to change the configuration`,
}
