/**
 * The options of backends, routes and keys that hold as they are written. A row here is all of an option: its type in BackendSpec, RouteSpec
 * and Principal, what files may say, the JSON schema, the reference, the admin API, the file of keys and the flag of `turnout key`.
 *
 * Kinds, in ./kinds.ts: `name` and `names` (a short name, a list of them), `text` and `texts` (anything that is not empty), `usd` (0 or more),
 * `share` (0 to 1), `count` (whole, from 1), `moment` (a date); and of zod `z.boolean()` and `z.enum([..])`. Without a `value` an option is null
 * where it is not set. A flag of `turnout key` reads a list where it is `{ takes: 'a,b', as: 'list' }`: see option.ts.
 *
 * Options that are made of several, or depend on the kind of backend (`url`, `price`, `match`, ..), are in config/schema.ts and config/build.ts.
 */
import { FORMAT_NAMES } from '../format-names.ts'
import { z } from 'zod'
import { PERIODS } from '../budget.ts'
import { PRIORITIES } from '../priority.ts'
import { count, moment, name, names, percentage, tcp, text, texts, usd } from './kinds.ts'
import { option } from './option.ts'

/** What the operator wishes of an engine with each request: of all models of a backend, or of one under `models`. */
export const WISH_OPTIONS = {
  num_ctx: option(
    count,
    'Ollama: tokens of context with which its models are loaded, whatever a caller wishes: another number loads the model anew',
  ),
  keep_alive: option(
    z.union([
      z.string().regex(/^-?\d+(\.\d+)?(ns|us|ms|s|m|h)([\d.]+(ns|us|ms|s|m|h))*$/, 'is no time like "10m"'),
      z.number(),
    ]),
    'Ollama: how long a model stays loaded after its last request: "10m", seconds, or -1 for ever',
  ),
  think: option(
    z.union([z.boolean(), text]),
    'Ollama: whether its models think, or how hard, where a request does not say: true, false, "low"',
  ),
}

/** `backends[].role` */
export const ROLES = ['prefill', 'decode'] as const

/** `backends[]` */
export const BACKEND_OPTIONS = {
  models: option(z.array(text), 'models in addition to the discovered ones, even if its list lacks them', {
    value: [],
  }),
  weight: option(
    usd,
    'its share among replicas, 2 getting twice as much as 1; 0 drains it: running calls finish, no new ones arrive',
    { value: 1 },
  ),
  formats: option(
    z.array(z.enum(FORMAT_NAMES)).min(1).nullable(),
    'wire formats in which it is asked, the preferred one first, instead of all that its kind has',
    { value: null },
  ),
  poll: option(
    z.boolean(),
    'poll a local engine for its load: running and waiting requests, KV cache usage, loaded models. Clouds are never polled',
    { value: true },
  ),
  role: option(
    z.enum(ROLES),
    'pools of vLLM with a KV connector: a prefill backend only reads prompts for decode backends that serve the same model, and is never chosen by itself; without a role, a backend does both',
  ),
  ...WISH_OPTIONS,
  kv_events: option(
    tcp,
    'vLLM and SGLang: socket on which the engine publishes its KV cache events, such as tcp://gpu-a:5557; evicted blocks then no longer count in routing',
  ),
  kv_events_replay: option(tcp, 'vLLM and SGLang: socket that replays missed events, such as tcp://gpu-a:5558'),
  prompt_caching: option(
    z.boolean(),
    'a cloud that keeps prompts only where they are marked (Anthropic) is sent marks for callers whose wire format has none: behind instructions and tools, and behind the last turns of a conversation. To write what is kept costs a quarter more than other input, to read it a tenth',
    { value: true },
  ),
}

/** `backends[].limits`; with several `keys` they hold for each key, which may also have its own. */
export const LANE_LIMITS = {
  rpm: option(count, 'calls in any 60 seconds'),
  tpm: option(
    count,
    'tokens in any 60 seconds: a call counts with its expected tokens when it is sent (prompt plus max_tokens, or plus a usual answer), and with its actual tokens once known',
  ),
  parallel: option(count, 'open calls at a time'),
}

/** `routes[]` */
export const ROUTE_OPTIONS = {
  fallback: option(texts, 'globs like those of candidates; tried in this order after all candidates, without scoring', {
    value: [],
  }),
  baseline: option(text, 'backend/model to compare the cost with, in the decision record and the metrics'),
  control: option(
    percentage,
    'share of the requests, such as 5%, that are sent to any of the able candidates, taken at random, so that `turnout savings` can tell what the choice of the gateway is worth; a conversation is treated as a whole, and named models are never touched',
  ),
  explore: option(z.boolean(), 'sometimes try another candidate than the best, in order to learn', { value: true }),
}

/** `routes[].limits` */
export const ROUTE_LIMITS = {
  max_cost_usd: option(usd, 'highest expected cost of one request'),
  local_only: option(z.boolean(), 'only engines on your own hardware, for the fallback as well', { value: false }),
}

/** `routes[].efficiency` */
export const ROUTE_EFFICIENCY = {
  trim: option(
    z.boolean(),
    'limit answers by what was learnt: the most tokens of an answer, and the budget of thoughts where a model has one, are set from the 95th percentile of the answers of its model, effort and class of request, once 50 of those are known. A whole answer that is cut is asked for again without the limit; a stream ends with `length`, so streams with tools or JSON are not limited. A share of the conversations goes without it, to measure what it is worth: `control`, else 5 %',
    { value: false },
  ),
}

/** `keys[]`, and keys that are made while the gateway runs. */
export const KEY_OPTIONS = {
  rpm: option(count, 'requests per minute; no limit where absent', { flag: { takes: 'N', as: 'number' } }),
  tpm: option(count, 'tokens per minute, input and output', { flag: { takes: 'N', as: 'number' } }),
  parallel: option(count, 'requests in flight', { flag: { takes: 'N', as: 'number' } }),
  budget: option(
    z.strictObject({ usd, per: z.enum(PERIODS) }),
    `most that may be spent: USD in a ${PERIODS.slice(0, -1).join(', ')} or ${PERIODS.at(-1) ?? ''}`,
    {
      flag: { takes: '5/day', as: 'amount' },
    },
  ),
  priority: option(
    z.enum(PRIORITIES),
    'order among requests that wait for a place at a backend; a request can lower it with `x-turnout-priority`, but not raise it',
    { value: 'normal', flag: { takes: PRIORITIES.join('|'), as: 'word' } },
  ),
  clamp: option(z.boolean(), 'lower max_tokens to what tpm and budget have left, rather than refuse', {
    value: false,
    flag: { takes: 'yes|no', as: 'yes or no' },
  }),
  routes: option(
    names,
    'routes that the key may use, among them `default`, what `auto` means; everything where absent',
    {
      flag: { takes: 'a,b', as: 'list' },
      stored: texts,
    },
  ),
  team: option(name, 'the team whose budgets it counts against as well', {
    flag: { takes: 'T', as: 'word' },
    stored: z.string(),
  }),
  user: option(
    text.max(128, 'is longer than 128 characters'),
    'the user whose key it is; a request may name another user',
    {
      flag: { takes: 'U', as: 'word' },
      stored: z.string(),
    },
  ),
  labels: option(z.record(text, z.string()), 'labels of your own, kept in the ledger', {
    value: {},
    flag: { name: 'label', takes: 'k=v', as: 'pairs' },
  }),
  expires: option(moment, 'it is refused from then on', {
    flag: { takes: 'DATE', as: 'word' },
    stored: z.iso.datetime(),
  }),
}

/**
 * `inference` may do what callers do; `read` sees models and health and can spend nothing. There is no scope for the admin API: it has
 * a token and a port of its own, so that no key that agents carry can make keys.
 */
export const SCOPES = ['inference', 'read'] as const

export type OptionScope = (typeof SCOPES)[number]

/** Of keys that are made while the gateway runs only. */
export const MADE_KEY_OPTIONS = {
  scope: option(z.enum(SCOPES), 'read: models and health only', {
    value: 'inference',
    flag: { takes: SCOPES.join('|'), as: 'word' },
  }),
  ...KEY_OPTIONS,
}
