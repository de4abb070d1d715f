/** The shape of the YAML file. Strict, so that a typo is an error and not an option without effect. */
import { z } from 'zod'
import { FROM_ALL, SOURCE_NAMES, SOURCES } from '../core/hints.ts'
import { keyed } from '../core/keyed.ts'
import { DEFAULT_STRATEGY, STRATEGY_NAMES } from '../core/strategies.ts'
import { TERMS, WEIGHT_NAMES } from '../core/terms.ts'
import { count, name, share, text, texts, time, usd } from '../core/options/kinds.ts'
import { described, zodShapeOf } from '../core/options/option.ts'
import { KEY_OPTIONS, ROUTE_EFFICIENCY, ROUTE_LIMITS, ROUTE_OPTIONS, WISH_OPTIONS } from '../core/options/options.ts'
import { CAPABILITIES, EFFORTS, TASK_CLASSES } from '../core/capabilities.ts'
import { CLIENT_NAMES, LOG_FORMS } from '../core/settings.ts'
import { backend, price } from './backend-schema.ts'
import { collectorHeaders, collectorUrl } from './collector.ts'
import { budget } from './budget-schema.ts'
import { headerNames, hostPattern, originPattern } from './browsers.ts'
import { engineGroup } from './engine-schema.ts'
import { lan } from './lan.ts'
import {
  DEFAULT_ADMIN,
  DEFAULT_BODIES,
  DEFAULT_DISCOVERY,
  DEFAULT_LIMITS,
  DEFAULT_SERVER,
  DEFAULT_TELEMETRY,
  DEFAULT_UPSTREAM,
} from './defaults.ts'
import { duration, durationText, size, sizeText, span, volume } from '../core/units.ts'

const hour = z.int().min(0, 'is less than 0; write an hour from 0 to 24')
const needs = z.array(z.enum(CAPABILITIES)).min(1, 'is empty; write at least one')
const classes = z.array(z.enum(TASK_CLASSES)).min(1, 'is empty; write at least one')

const limits = {
  connect: time('until there is a connection: TCP and TLS', DEFAULT_LIMITS.connectMs),
  headers: time(
    'streams: until the status line; for an engine that sends it together with the first token, ttft applies instead',
    DEFAULT_LIMITS.headersMs,
  ),
  ttft: time('streams: until the first text, reasoning, tool call or finish reason', DEFAULT_LIMITS.ttftMs),
  idle: time(
    'streams: longest silence within the answer, comments and pings not counted, or of a caller that reads nothing',
    DEFAULT_LIMITS.idleMs,
  ),
  total: time(
    'the whole request, all attempts included; the only limit of a non-streamed answer after the connection',
    DEFAULT_LIMITS.totalMs,
  ),
  attempts: described(
    count.max(10, 'is more than ten; write 1 to 10'),
    'calls of backends for one request; one that met a kept-alive connection which the backend had closed counts, and is made again',
    DEFAULT_LIMITS.attempts,
  ),
}

const modelFacts = z.strictObject({
  aliases: described(z.array(text), 'other names for requests; each leads to one model'),
  capabilities: described(z.partialRecord(z.enum(CAPABILITIES), z.boolean()), 'overrides what the engine reports'),
  context: described(count, 'tokens that the engine accepts, prompt and output together'),
  max_output: described(count, 'tokens of its longest answer; budgets reserve it where a request sets no limit'),
  price: described(price, 'overrides the price of the backend'),
  quality: described(
    z.partialRecord(z.enum(['default', ...TASK_CLASSES]), share),
    '0..1 by task class, `default` for the others: what is expected before anything has been learnt',
  ),
  efforts: described(
    z
      .array(z.enum(EFFORTS))
      .min(1, 'is empty; for a model that must not think write capabilities: { reasoning: false }'),
    'how hard it can be told to think, instead of what is known of its family',
  ),
  params_b: described(z.number().positive('is not more than 0'), 'billions of parameters, all experts together'),
  ...zodShapeOf(WISH_OPTIONS),
})

const match = z.strictObject({
  model: described(texts, 'globs over the requested name; without it the route is for `auto`'),
  key: described(texts, 'ids of keys'),
  header: described(z.record(text, text), 'request headers and globs over their values'),
  class: described(classes, 'task classes'),
  needs: described(needs, 'capabilities that the request needs, all of them'),
  tokens: described(
    z.strictObject({ min: described(count, 'at least this many'), max: described(count, 'at most this many') }),
    'estimated size of the input',
  ),
  hour: described(
    z.strictObject({
      from: hour.max(23, 'is more than 23; write an hour from 0 to 23').meta({ description: 'first hour' }),
      to: hour
        .max(24, 'is more than 24; write an hour from 0 to 24')
        .meta({ description: 'first hour after the window; it spans midnight if this is the lower one' }),
    }),
    'time of day, UTC',
  ),
})

const weight = keyed(WEIGHT_NAMES, (name) => described(usd, `of ${TERMS[name].weight}`))
const weights = z.strictObject(weight)

const strategy = z.union([
  z.enum(STRATEGY_NAMES),
  z.strictObject({
    ...weight,
    cheapest_within: described(
      share,
      'the cheapest whose expected success is this close to the best; not together with weights',
    ),
  }),
])

const route = z.strictObject({
  name: name.meta({ description: 'requests can use it as `model`; `default` is what `auto` means' }),
  match: described(match, 'the first route that matches is taken; without it a route is reached by its name'),
  candidates: texts.meta({ description: 'globs over backend/model, or over the model id' }),
  strategy: described(strategy, 'how to choose among the candidates', DEFAULT_STRATEGY),
  weights: described(weights, 'the same as a strategy of weights'),
  limits: described(
    z.strictObject({
      ...limits,
      max_ttft: described(duration, 'longest expected wait for the first token'),
      ...zodShapeOf(ROUTE_LIMITS),
    }),
    'in the place of the general ones',
  ),
  success: described(
    z.strictObject({
      finish: described(texts, 'finish reasons that count as success; the usual ones where absent'),
      json: described(z.boolean(), 'the answer must be JSON'),
      schema: described(z.boolean(), 'the answer must fit the schema of the request'),
    }),
    'what counts as a useful answer',
  ),
  efficiency: described(z.strictObject(zodShapeOf(ROUTE_EFFICIENCY)), 'what lowers the tokens of its requests'),
  ...zodShapeOf(ROUTE_OPTIONS),
})

const key = z.strictObject({
  id: name.meta({ description: 'appears in logs; not secret' }),
  hash: text.meta({ description: '"sha256:" and 64 hex digits; turnout key new makes one' }),
  ...zodShapeOf(KEY_OPTIONS),
})

const hashed = z
  .string()
  .regex(/^sha256:[\da-f]{64}$/i, 'is not "sha256:" and 64 hex digits; `turnout key new` makes a secret and its hash')

const PORT = 'write a port from 0 to 65535'
const port = z.int().min(0, `is less than 0; ${PORT}`).max(65535, `is more than 65535; ${PORT}`)

const admin = z.strictObject({
  host: described(text, 'address to listen on', DEFAULT_ADMIN.host),
  port: described(port, 'a port of its own', DEFAULT_ADMIN.port),
  token: hashed.meta({ description: 'hash of the token that every request must bring' }),
})

const telemetry = z.strictObject({
  endpoint: collectorUrl.meta({ description: 'of an OTLP collector, without /v1/traces' }),
  headers: described(collectorHeaders, 'secret; sent with every export'),
  traces: described(z.boolean(), 'spans', true),
  metrics: described(z.boolean(), 'GenAI metrics', true),
  sample: described(share, 'share of traces that begin here', 1),
  service_name: described(text, 'name of the service', DEFAULT_TELEMETRY.serviceName),
  interval: time('between two exports of metrics', DEFAULT_TELEMETRY.intervalMs),
})

const level = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])

const { origins, headers, maxAgeMs } = DEFAULT_SERVER.cors

const cors = z.strictObject({
  origins: described(
    z.array(originPattern),
    'of web pages that may call; "loopback": pages of this machine, if the gateway listens on loopback only',
    origins,
  ),
  headers: described(headerNames, 'request headers that those pages may send; "*": any', headers),
  max_age: time('how long browsers may keep the permission', maxAgeMs),
})

const server = z.strictObject({
  host: described(text, 'address to listen on', DEFAULT_SERVER.host),
  port: described(port, '0 chooses a free one', DEFAULT_SERVER.port),
  hosts: described(
    z.array(hostPattern),
    'further names that requests may call it by; loopback and `host` always may, with keys any may',
    DEFAULT_SERVER.hosts,
  ),
  cors: described(cors, 'web pages that may call and read the answers', {
    origins,
    headers,
    max_age: durationText(maxAgeMs),
  }),
  auth: described(z.enum(['keys', 'none']), '"none" opens a gateway without keys to the network', DEFAULT_SERVER.auth),
  drain: time('time that live answers have to finish at a stop', DEFAULT_SERVER.drainMs),
  log: described(
    z.enum(LOG_FORMS),
    'lines of the log: for people, or for programs; without it "pretty" on a terminal, "json" elsewhere',
  ),
  log_level: described(level, 'severity from which lines are written', DEFAULT_SERVER.logLevel),
  log_decisions: described(
    z.enum(['always', 'sampled', 'never']),
    'whole decisions in the lines of requests; "sampled": one in a hundred, and those that failed through the gateway or a backend; asking to explain adds it in any case',
    DEFAULT_SERVER.logDecisions,
  ),
  trust_proxy: described(z.boolean(), 'read the address of the caller from x-forwarded-for', DEFAULT_SERVER.trustProxy),
})

const redisUrl = z
  .string()
  .regex(
    /^$|^rediss?:\/\/|^\//,
    'is not the URL of a Redis; write it like "redis://host:6379", or "rediss://" with TLS',
  )

const store = z
  .strictObject({
    state: described(
      z.string().regex(/[^/]$|^$/, 'is a folder; write a file, like "./data/state.json"'),
      'file of what was learnt, relative to the folder of the configuration; without it that is forgotten at the stop',
    ),
    ledger: described(
      z.string(),
      'folder of the ledger, relative to the folder of the configuration; without it there is none',
    ),
    ledger_keep: described(span, 'age at which parts of the ledger are deleted', '90d'),
    ledger_max: described(volume, 'size above which the oldest parts of the ledger are deleted', '10GiB'),
    keys: described(
      z.string(),
      'file of keys that are made while the gateway runs; without it only the keys of the configuration',
    ),
    redis: described(redisUrl, 'URL of a Redis that several gateways share; empty: none'),
    answers: described(
      z.string().min(1),
      'where answers of the Responses API are kept that a caller may go on from: "memory", "redis", "none", or a folder, relative to that of the configuration; a folder and Redis hold prompts and answers as they were sent',
      'memory',
    ),
    answers_max: described(
      volume,
      'size above which the oldest of them are deleted; in Redis, where they expire after 30 days, the most that one may have',
      '64MiB',
    ),
  })
  .refine(({ answers, redis }) => answers !== 'redis' || (redis ?? '') !== '', {
    path: ['answers'],
    message: 'is "redis", and there is no `store.redis`',
  })

/** Names of the options of maps that the cross-checks read. */
export const OPTIONS = {
  backend: Object.keys(backend.shape),
  server: Object.keys(server.shape),
  store: Object.keys(store.shape),
  admin: Object.keys(admin.shape),
}

export const fileSchema = z.strictObject({
  server: described(server, 'address and access'),
  backends: z.array(backend).min(1, 'is empty; a gateway needs a backend').meta({ description: 'what is behind it' }),
  engine_groups: described(
    z.record(name, engineGroup),
    'engines that are started here and share something, by the `group` that they name',
  ),
  models: described(
    z.record(text, modelFacts),
    'facts that override the discovered ones, by model id or backend/model',
  ),
  routes: described(z.array(route), 'which request goes to which candidates'),
  keys: described(z.array(key), 'API keys; without any, every caller is served'),
  budgets: described(z.array(budget), 'limits for a key, team, user, route, session, agent or the gateway'),
  limits: described(
    z
      .strictObject({
        ...limits,
        body: described(
          size,
          'largest request body; besides, at most 1,000 members, and 50,000 names, 50,000 objects and arrays and 1,000,000 values at any depth',
          sizeText(DEFAULT_BODIES.bodyBytes),
        ),
        bodies: described(
          size,
          'all request bodies in flight together, from their first byte to the end of the request; beyond it 503 `gateway_overloaded`',
          sizeText(DEFAULT_BODIES.bodiesBytes),
        ),
        keep_alive: time('silence after which a streaming caller gets a comment', DEFAULT_LIMITS.keepAliveMs),
        load: time(
          'replaces headers and ttft while an engine may be loading a model: Ollama, LM Studio, llama-swap, `loads_on_demand: true`',
          DEFAULT_LIMITS.loadMs,
        ),
        buffer: described(
          size,
          'a whole JSON answer held to count its tokens (a larger one passes through uncounted), or one event of a stream',
          sizeText(DEFAULT_LIMITS.bufferBytes),
        ),
      })
      .superRefine(({ body = DEFAULT_BODIES.bodyBytes, bodies = DEFAULT_BODIES.bodiesBytes }, context) => {
        const message = `is less than \`limits.body\` (${sizeText(body)}), so that the largest request could never come; write more`
        if (bodies < body) context.addIssue({ code: 'custom', path: ['bodies'], message })
      }),
    'how long and how often',
  ),
  learning: described(
    z.strictObject(keyed(SOURCE_NAMES, (source) => described(z.boolean(), SOURCES[source], FROM_ALL[source]))),
    'what the choice of models learns from; false: not from that',
  ),
  upstream: described(
    z.strictObject({
      client: described(
        z.enum(CLIENT_NAMES),
        'what calls backends with `http:` addresses: `lean` takes less CPU than `undici` (5 to 20 % of a request), which calls those with `https:` in any case; should a backend only be understood by `undici`, choose that and report it',
        DEFAULT_UPSTREAM.client,
      ),
    }),
    'connections to backends',
  ),
  discovery: described(
    z.strictObject({
      interval: time('between two probes of a healthy backend', DEFAULT_DISCOVERY.intervalMs),
      retry: time('after the first failure; doubles up to the interval', DEFAULT_DISCOVERY.retryMs),
      timeout: time('for one probe', DEFAULT_DISCOVERY.timeoutMs),
      lan: described(
        lan,
        'hosts (or `host:port`) that are checked for engines every 30 s while the gateway runs, on the default ports of all kinds; engines found are added as backends. No other host is ever searched',
        [],
      ),
      poll: time(
        'between two polls of a local engine that has work, with a jitter of a third',
        DEFAULT_DISCOVERY.pollMs,
      ),
    }),
    'asking backends for their models and health',
  ),
  store: described(store, 'what survives a restart'),
  admin: described(admin, 'the admin API; off where absent'),
  telemetry: described(telemetry, 'OpenTelemetry; off where absent'),
})

/** A file that has the right shape. */
export type ConfigFile = z.output<typeof fileSchema>
