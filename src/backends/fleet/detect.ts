/** What a start without a configuration serves: engines on the ports of this machine, and clouds whose key is in the environment. */
import { toBackendSpec } from '../../config/backend.ts'
import type { BackendSpec, LanHost } from '../../core/settings.ts'
import type { Provider } from '../../core/provider.ts'
import { HttpClient } from '../upstream/http-client.ts'
import { discover } from './discover.ts'
import { recognise } from './recognise.ts'

export interface EngineSearch {
  readonly providers: ReadonlyMap<string, Provider>
  /** The environment: only `keyEnv` of each provider is read. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Instead of the ports of the providers, by kind. For tests. */
  readonly ports?: Readonly<Record<string, readonly number[]>>
  /** Where to look; this machine where absent. In a container: the machine around it. */
  readonly host?: string
  /** Where to look instead: hosts that somebody has listed. They are asked without keys, and each has its host in its name. */
  readonly hosts?: readonly LanHost[]
  /** For the whole search. */
  readonly timeoutMs?: number
  /** Ends it early: what was found by then is what there is. */
  readonly signal?: AbortSignal
  /** Roots that are known, and not asked again. */
  readonly except?: ReadonlySet<string>
  /** Names that others have. */
  readonly taken?: readonly string[]
}

export interface Found {
  readonly spec: BackendSpec
  /** For people: `ollama     127.0.0.1:11434   3 models`. Never holds a key. */
  readonly line: string
  /** False: it is there, but has no model that could answer now. */
  readonly usable: boolean
  /** That it lists; 0 also where it does not say yet. */
  readonly models: number
}

interface Tools {
  readonly client: HttpClient
  readonly signal: AbortSignal
  readonly env: EngineSearch['env']
}

/** Engines by port, then clouds in the order of `providers`. Takes `timeoutMs` at the most, some ms where nothing is there. */
export async function detect(search: EngineSearch): Promise<Found[]> {
  return [...(await findEngines(search)), ...clouds(search.providers, search.env)]
}

/** Engines alone, by port. Asks this machine only, or the hosts that are listed. */
export async function findEngines({
  providers,
  env,
  ports,
  host = '127.0.0.1',
  hosts,
  timeoutMs = 900,
  signal,
  except = new Set(),
  taken = [],
}: EngineSearch): Promise<Found[]> {
  const client = new HttpClient({ connectMs: timeoutMs })
  const abort = new AbortController()
  const limit = setTimeout(() => abort.abort(new DOMException('detection', 'TimeoutError')), timeoutMs)
  const stop = (): void => abort.abort()
  signal?.addEventListener('abort', stop)
  if (signal?.aborted === true) stop()
  try {
    const tools: Tools = { client, signal: abort.signal, env: hosts === undefined ? env : {} }
    const searches = [...placesOf(hosts ?? [{ host, port: null }], owners(providers, ports))]
      .filter(({ address }) => !except.has(rootOf(address)))
      .map(async ({ address, owner, of }) => {
        const found = await look(address, owner, providers, tools)
        return found === null || hosts === undefined ? found : renamed(found, `${found.spec.name}-${slug(of)}`)
      })
    return uniquelyNamed(
      (await Promise.all(searches)).filter((found) => found !== null),
      taken,
    )
  } finally {
    signal?.removeEventListener('abort', stop)
    clearTimeout(limit)
    await client.destroy()
  }
}

/** Each port once, with the kind that is most often there. */
function owners(providers: EngineSearch['providers'], ports: EngineSearch['ports']): Map<number, Provider> {
  const owned = new Map<number, Provider>()
  for (const provider of providers.values()) {
    for (const port of ports === undefined ? provider.ports : (ports[provider.kind] ?? [])) {
      if (!owned.has(port)) owned.set(port, provider)
    }
  }
  return owned
}

/** An address, and the kind that is asked for first. */
interface SearchPlace {
  readonly of: string
  readonly address: string
  readonly owner: Provider | null
}

/** Each once: a host may be listed with a port and without one. */
function placesOf(hosts: readonly LanHost[], owned: ReadonlyMap<number, Provider>): Iterable<SearchPlace> {
  const places = new Map<string, SearchPlace>()
  for (const { host, port } of hosts)
    for (const one of port === null ? owned.keys() : [port]) {
      const address = `${host}:${one}`
      places.set(address, { of: host, address, owner: owned.get(one) ?? null })
    }
  return places.values()
}

/** A host as a part of a name. */
const slug = (host: string): string => host.replace(/[^a-z\d]+/gi, '-').replace(/^-|-$/g, '')

/** As a backend of the configuration has it: port 80 is not written. */
const rootOf = (address: string): string => new URL(`http://${address}`).origin

async function look(
  address: string,
  owner: Provider | null,
  providers: EngineSearch['providers'],
  tools: Tools,
): Promise<Found | null> {
  const root = rootOf(address)
  const engines = [...providers.values()].filter(
    (one) => one !== owner && one.signature !== null && one.ports.length > 0,
  )
  const generic = [...providers.values()].find((one) => one.generic) ?? null
  const provider = await recognise(root, owner === null ? engines : [owner, ...engines], generic, tools)
  if (provider === null) return null
  const key = keyOf(provider, tools.env)
  const spec = toBackendSpec(
    { name: provider.kind, url: root, ...(key === null ? {} : { key, keyFrom: provider.keyEnv }) },
    provider,
  )
  const result = await discover(spec, { ...tools, cache: new Map() })
  if (result.found) {
    const { size } = result.models
    const note = provider === generic ? ' (unknown engine with the OpenAI API)' : ''
    return {
      spec,
      line: line(spec.name, address, `${size} ${size === 1 ? 'model' : 'models'}${note}`),
      usable: size > 0,
      models: size,
    }
  }
  const { reason, status, loading } = result
  const wantsKey = status === 401 || status === 403
  const said = wantsKey ? `wants a key (${reason})` : loading ? 'still loading' : reason
  return { spec, line: line(spec.name, address, said), usable: loading || result.late, models: 0 }
}

function clouds(providers: EngineSearch['providers'], env: EngineSearch['env']): Found[] {
  const found: Found[] = []
  for (const provider of providers.values()) {
    const key = keyOf(provider, env)
    if (key === null || provider.url === null || provider.ports.length > 0) continue
    const spec = toBackendSpec({ name: provider.kind, key, keyFrom: provider.keyEnv }, provider)
    found.push({ spec, line: `${spec.name.padEnd(10)} key from ${provider.keyEnv}`, usable: true, models: 0 })
  }
  return found
}

function keyOf(provider: Provider, env: EngineSearch['env']): string | null {
  const key = provider.keyEnv === null ? '' : (env[provider.keyEnv] ?? '').trim()
  return key === '' ? null : key
}

/** Two engines of one kind: the second one has its port in its name. */
function uniquelyNamed(found: readonly Found[], taken: readonly string[]): Found[] {
  const seen = new Set(taken)
  return found.map((one) => {
    const { name, root } = one.spec
    const unique = seen.has(name) ? `${name}-${new URL(root).port}` : name
    seen.add(unique)
    return unique === name ? one : renamed(one, unique)
  })
}

function renamed(found: Found, name: string): Found {
  const { spec, line: before } = found
  return { ...found, spec: { ...spec, name }, line: before.replace(spec.name.padEnd(10), name.padEnd(10)) }
}

const line = (name: string, address: string, what: string): string => `${name.padEnd(10)} ${address.padEnd(17)} ${what}`
