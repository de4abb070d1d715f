/** What a start without a configuration serves: engines on the ports of this machine, and clouds whose key is in the environment. */
import { toBackendSpec } from '../../config/backend.ts'
import type { BackendSpec } from '../../core/settings.ts'
import type { Provider } from '../../core/provider.ts'
import { HttpClient } from '../upstream/http-client.ts'
import { discover } from './discover.ts'
import { recognise } from './recognise.ts'

export interface DetectOptions {
  readonly providers: ReadonlyMap<string, Provider>
  /** The environment: only `keyEnv` of each provider is read. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Instead of the ports of the providers, by kind. For tests. */
  readonly ports?: Readonly<Record<string, readonly number[]>>
  /** Where to look; this machine where absent. In a container: the machine around it. */
  readonly host?: string
  /** For the whole search. */
  readonly timeoutMs?: number
}

export interface Found {
  readonly spec: BackendSpec
  /** For people: `ollama     127.0.0.1:11434   3 models`. Never holds a key. */
  readonly line: string
  /** False: it is there, but has no model that could answer now. */
  readonly usable: boolean
}

interface Tools {
  readonly client: HttpClient
  readonly signal: AbortSignal
  readonly env: DetectOptions['env']
}

/** Engines by port, then clouds in the order of `providers`. Takes `timeoutMs` at the most, some ms where nothing is there. */
export async function detect({
  providers,
  env,
  ports,
  host = '127.0.0.1',
  timeoutMs = 900,
}: DetectOptions): Promise<Found[]> {
  const client = new HttpClient({ connectMs: timeoutMs })
  const abort = new AbortController()
  const limit = setTimeout(() => abort.abort(new DOMException('detection', 'TimeoutError')), timeoutMs)
  try {
    const tools: Tools = { client, signal: abort.signal, env }
    const searches = [...owners(providers, ports)].map(([port, owner]) =>
      look(`${host}:${port}`, owner, providers, tools),
    )
    const engines = (await Promise.all(searches)).filter((found) => found !== null)
    return [...uniquelyNamed(engines), ...clouds(providers, env)]
  } finally {
    clearTimeout(limit)
    await client.destroy()
  }
}

/** Each port once, with the kind that is most often there. */
function owners(providers: DetectOptions['providers'], ports: DetectOptions['ports']): Map<number, Provider> {
  const owned = new Map<number, Provider>()
  for (const provider of providers.values()) {
    for (const port of ports === undefined ? provider.ports : (ports[provider.kind] ?? [])) {
      if (!owned.has(port)) owned.set(port, provider)
    }
  }
  return owned
}

async function look(
  address: string,
  owner: Provider,
  providers: DetectOptions['providers'],
  tools: Tools,
): Promise<Found | null> {
  const root = `http://${address}`
  const engines = [...providers.values()].filter(
    (one) => one !== owner && one.signature !== null && one.ports.length > 0,
  )
  const generic = [...providers.values()].find((one) => one.generic) ?? null
  const provider = await recognise(root, [owner, ...engines], generic, tools)
  if (provider === null) return null
  const key = keyOf(provider, tools.env)
  const spec = toBackendSpec({ name: provider.kind, url: root, ...(key === null ? {} : { key }) }, provider)
  const result = await discover(spec, { ...tools, cache: new Map() })
  if (result.found) {
    const { size } = result.models
    const note = provider === generic ? ' (unknown engine with the OpenAI API)' : ''
    return {
      spec,
      line: line(spec.name, address, `${size} ${size === 1 ? 'model' : 'models'}${note}`),
      usable: size > 0,
    }
  }
  const { reason, status, loading } = result
  const wantsKey = status === 401 || status === 403
  const said = wantsKey ? `wants a key (${reason})` : loading ? 'still loading' : reason
  return { spec, line: line(spec.name, address, said), usable: loading || result.late }
}

function clouds(providers: DetectOptions['providers'], env: DetectOptions['env']): Found[] {
  const found: Found[] = []
  for (const provider of providers.values()) {
    const key = keyOf(provider, env)
    if (key === null || provider.url === null || provider.ports.length > 0) continue
    const spec = toBackendSpec({ name: provider.kind, key }, provider)
    found.push({ spec, line: `${spec.name.padEnd(10)} key from ${provider.keyEnv}`, usable: true })
  }
  return found
}

function keyOf(provider: Provider, env: DetectOptions['env']): string | null {
  const key = provider.keyEnv === null ? '' : (env[provider.keyEnv] ?? '').trim()
  return key === '' ? null : key
}

/** Two engines of one kind: the second one has its port in its name. */
function uniquelyNamed(found: readonly Found[]): Found[] {
  const seen = new Set<string>()
  return found.map((one) => {
    const { name, root } = one.spec
    const unique = seen.has(name) ? `${name}-${new URL(root).port}` : name
    seen.add(unique)
    if (unique === name) return one
    return { ...one, spec: { ...one.spec, name: unique }, line: one.line.replace(name.padEnd(10), unique.padEnd(10)) }
  })
}

const line = (name: string, address: string, what: string): string => `${name.padEnd(10)} ${address.padEnd(17)} ${what}`
