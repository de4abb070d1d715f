import { FROM_ALL } from '../../src/core/hints.ts'
import { ownPlaces } from '../../src/core/ask-place.ts'
import { CHAT } from '../../src/core/endpoints.ts'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  DEFAULT_BODIES,
  DEFAULT_LIMITS,
  DEFAULT_SERVER,
  DEFAULT_UPSTREAM,
  NO_STORE,
} from '../../src/config/defaults.ts'
import { valuesOf } from '../../src/core/options/option.ts'
import { BACKEND_OPTIONS, WISH_OPTIONS } from '../../src/core/options/options.ts'
import type { BackendSpec, Config, ModelFacts } from '../../src/core/settings.ts'
import type { DiscoverySource, Provider } from '../../src/core/provider.ts'

export interface Reply {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

export type Routes = Record<string, Reply | ((seen: Seen) => Reply | 'hang' | Promise<Reply>) | undefined>

export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface EngineDouble {
  readonly root: string
  readonly port: number
  /** "METHOD /path" -> answer; may be changed while it runs. */
  readonly routes: Routes
  readonly seen: Seen[]
  /** Connections that were opened. */
  readonly connections: () => number
  close(): Promise<void>
}

/** Answers by its table; unknown paths get 404. `port` 0 = any. */
export async function startEngine(routes: Routes, port = 0): Promise<EngineDouble> {
  const seen: Seen[] = []
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = ''
    for await (const part of request as AsyncIterable<Buffer>) body += part.toString()
    const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
    seen.push(one)
    const route = routes[`${one.method} ${one.path}`] ?? routes['*']
    const reply = typeof route === 'function' ? await route(one) : route
    if (reply === 'hang') return
    response.writeHead(reply?.status ?? 404, { 'content-type': 'application/json', ...reply?.headers })
    response.end(reply?.body ?? '{"error":"no such path"}')
  }
  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()))
  let connections = 0
  server.on('connection', () => connections++)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const own = (server.address() as AddressInfo).port
  return {
    root: `http://127.0.0.1:${own}`,
    port: own,
    routes,
    seen,
    connections: () => connections,
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

export const json = (value: unknown, status = 200): Reply => ({ status, body: JSON.stringify(value) })

const SAMPLES = new URL('../../../../shared/samples/', import.meta.url)

/** For `{ skip }`: the recorded answers lie beside the checkout, where there are any. */
export const noSamples: string | false = existsSync(SAMPLES) ? false : 'needs ../shared/samples beside the checkout'

/** A recorded answer of a real engine. */
export async function sample(name: string): Promise<Reply> {
  const text = (await readFile(new URL(name, SAMPLES), 'utf8')).replaceAll('\r\n', '\n')
  const start = text.indexOf('HTTP/1.1 ')
  if (start < 0) return { status: 200, body: text }
  const status = Number(text.slice(start + 9, start + 12))
  return { status, body: text.slice(text.indexOf('\n\n', start) + 2).trim() }
}

export const LIST: DiscoverySource = {
  method: 'GET',
  path: '/v1/models',
  perModel: false,
  body: null,
  list: 'data',
  id: 'id',
  context: ['max_model_len'],
  capabilities: [],
  words: {},
  required: true,
}

export function provider(changes: Partial<Provider> = {}): Provider {
  return {
    kind: 'plain',
    label: 'Plain',
    otelName: null,
    generic: false,
    priceList: null,
    serviceTiers: {},
    local: true,
    remoteModels: null,
    url: null,
    api: '/v1',
    ports: [],
    keyEnv: null,
    auth: { header: 'authorization', prefix: 'Bearer ' },
    headers: {},
    forward: [],
    lacks: [],
    endpoints: ownPlaces([CHAT]),
    signature: null,
    discovery: [LIST],
    request: {
      rename: {},
      outputLimit: 'max_tokens',
      drop: [],
      roles: {},
      dropFromMessages: [],
      thoughts: null,
      freeTools: false,
      shortToolIds: false,
      includeUsage: true,
      rerankStrings: false,
      effort: [],
    },
    response: {
      headersWithFirstToken: false,
      cutsLongPrompts: false,
      onAbort: 'cancel',
      loadsOnDemand: false,
      wakes: true,
      callerErrors: [],
    },
    ...changes,
  }
}

export function backend(root: string, changes: Partial<BackendSpec> = {}): BackendSpec {
  return {
    name: 'one',
    provider: provider(),
    root,
    key: null,
    keys: [],
    limits: null,
    keyFrom: null,
    price: null,
    includeUsage: true,
    onAbort: 'cancel',
    loadsOnDemand: false,
    engine: null,
    ...valuesOf(BACKEND_OPTIONS),
    ...changes,
  }
}

export const FACTS: ModelFacts = {
  aliases: [],
  capabilities: {},
  context: null,
  maxOutput: null,
  price: null,
  quality: {},
  efforts: [],
  paramsB: null,
  wishes: valuesOf(WISH_OPTIONS),
}

export function config(backends: readonly BackendSpec[], changes: Partial<Config> = {}): Config {
  return {
    server: DEFAULT_SERVER,
    backends,
    engineGroups: {},
    models: {},
    routes: [],
    keys: [],
    budgets: [],
    limits: DEFAULT_LIMITS,
    upstream: DEFAULT_UPSTREAM,
    lan: [],
    bodies: DEFAULT_BODIES,
    discovery: { intervalMs: 60_000, retryMs: 20, timeoutMs: 2_000, pollMs: 1_500 },
    store: NO_STORE,
    learning: FROM_ALL,
    admin: null,
    telemetry: null,
    ...changes,
  }
}
