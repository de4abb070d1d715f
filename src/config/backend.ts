/** A backend of the configuration, or one that was found, with its provider's facts filled in. */
import { CHAT, ENDPOINTS } from '../core/endpoints.ts'
import { type Given, valuesOf } from '../core/options/option.ts'
import { BACKEND_OPTIONS } from '../core/options/options.ts'
import type { BackendKey, BackendLimits, BackendSpec, EngineSpec, Price } from '../core/settings.ts'
import type { OnAbort, Provider } from '../core/provider.ts'
import { isForbidden } from './forbidden-hosts.ts'

export interface BackendInput extends Given<typeof BACKEND_OPTIONS> {
  readonly name: string
  readonly url?: string | undefined
  readonly path_as_is?: boolean | undefined
  readonly key?: string | undefined
  readonly keyFrom?: string | null
  readonly keys?: readonly BackendKey[] | undefined
  readonly limits?: BackendLimits | null | undefined
  readonly price?: Price | null | undefined
  readonly include_usage?: boolean | undefined
  readonly on_abort?: OnAbort | undefined
  readonly loads_on_demand?: boolean | undefined
}

/** Throws an Error that says what is wrong with the URL, without its path in the file. `engineAt`: what is started there, where something is. */
export function toBackendSpec(
  input: BackendInput,
  provider: Provider,
  engineAt: (root: string) => EngineSpec | null = () => null,
): BackendSpec {
  const { keys = [] } = input
  const { root, asIs } = placeOf(input.url ?? provider.url, provider, input.path_as_is ?? false)
  const engine = engineAt(root)
  const asked = withFormats(asIs ? unversioned(provider) : provider, input.formats ?? null)
  return {
    name: input.name,
    // What the gateway starts runs on this machine, also where its kind says only how it is asked.
    provider: engine === null || asked.local ? asked : { ...asked, local: true },
    root,
    key: (input.key ?? '') || (keys[0]?.secret ?? null),
    keys,
    limits: input.limits ?? null,
    keyFrom: input.keyFrom ?? null,
    price: input.price ?? null,
    includeUsage: input.include_usage ?? provider.request.includeUsage,
    onAbort: input.on_abort ?? provider.response.onAbort,
    loadsOnDemand: input.loads_on_demand ?? provider.response.loadsOnDemand,
    engine,
    ...valuesOf(BACKEND_OPTIONS, input),
  }
}

/** What a call of the backend goes to: for people. */
export function callUrl({ root, provider: { endpoints } }: BackendSpec): string {
  const places = endpoints.chat ?? Object.values(endpoints)[0]
  return root + (places?.[0]?.path ?? '')
}

interface Place {
  /** Scheme, host and path, without a slash at the end, and without the provider's version prefix unless `asIs`. */
  readonly root: string
  /** The paths of the provider follow without their version prefix. */
  readonly asIs: boolean
}

/** `wished`: the operator says that the path is complete. Throws as above. */
export function placeOf(url: string | null, provider: Provider, wished: boolean): Place {
  if (url === null) throw new Error(`is missing; ${provider.label} has no address of its own: write "http://host:port"`)
  const { origin, pathname } = parseUrl(url)
  const path = pathname.replace(/\/+$/, '')
  const endpoint = endpointEndings(provider).find((one) => path.endsWith(one)) ?? VERSIONED_CALL.exec(path)?.[0] ?? ''
  const base = path.slice(0, path.length - endpoint.length)
  const asIs = wished || isComplete(origin, base, provider)
  const root = origin + (asIs ? base : withoutVersion(base, provider.api))
  if (endpoint !== '') throw new Error(`ends in "${endpoint}", which the gateway adds itself; write "${root}"`)
  return { root, asIs }
}

/** The end of an address that was copied from a call, behind a version of whatever number. */
const VERSIONED_CALL = /(?<=\/v\d[\w.]*)\/(?:completions|embeddings|rerank|models)$/i

/** Ends in a version, such as /api/v3 or /paas/v4, that is not the provider's own; or is known to have none. */
function isComplete(origin: string, path: string, { api, asIs }: Provider): boolean {
  if (asIs && new RegExp(asIs).test(origin + path)) return true
  return /\/v\d[\w.]*$/i.test(path) && !versionEndings(api).some((one) => path.endsWith(one))
}

/** The provider of a backend that is asked in these formats alone, in their order, or in all but the spare ones; what is asked in none of them stays as it is. */
function withFormats(provider: Provider, formats: readonly string[] | null): Provider {
  const isWhole = !Object.values(provider.endpoints).some((places) => places.some(({ spare }) => spare === true))
  if (formats === null && isWhole) return provider
  const endpoints = Object.fromEntries(
    Object.entries(provider.endpoints).map(([ask, places]) => {
      const kept =
        formats === null
          ? places.filter(({ spare }) => spare !== true)
          : formats.flatMap((name) => places.filter(({ format }) => format === name))
      return [ask, kept.length === 0 ? places : kept]
    }),
  )
  return { ...provider, endpoints }
}

/** The provider of a backend whose address has the version, or needs none. */
function unversioned(provider: Provider): Provider {
  const { api, endpoints, discovery, telemetry = [] } = provider
  const plain = (path: string): string => (path.startsWith(`${api}/`) ? path.slice(api.length) : path)
  return {
    ...provider,
    endpoints: Object.fromEntries(
      Object.entries(endpoints).map(([ask, places]) => [
        ask,
        places.map((one) => ({
          ...one,
          path: plain(one.path),
          streamPath: one.streamPath === null ? null : plain(one.streamPath),
        })),
      ]),
    ),
    discovery: discovery.map((source) => ({ ...source, path: plain(source.path) })),
    telemetry: telemetry.map((source) => ({ ...source, path: plain(source.path) })),
  }
}

function withoutVersion(path: string, api: string): string {
  const ending = versionEndings(api).find((one) => path.endsWith(one)) ?? ''
  return path.slice(0, path.length - ending.length).replace(/\/+$/, '')
}

/** Addresses are copied from calls as well. Only with the version: a proxy may have a folder of the name. Longest first. */
function endpointEndings({ api, endpoints }: Provider): string[] {
  const versions = [...new Set([`${api}/`, '/v1/'])].filter((version) => version !== '/')
  const own = Object.values(endpoints)
    .flat()
    .map(({ path }) => path)
    .filter((path) => versions.some((version) => path.startsWith(version)))
  const usual = ENDPOINTS.map(({ path }) => path).filter((path) => !path.endsWith('*'))
  return [...own, ...usual, '/v1/models', CHAT.path.slice('/v1'.length)].sort((a, b) => b.length - a.length)
}

/** What people write of the prefix: all of it, its last part as everywhere else, or its first parts. Longest first. */
function versionEndings(api: string): string[] {
  const parts = api.split('/').slice(1)
  const firsts = parts.map((_, index) => `/${parts.slice(0, parts.length - index).join('/')}`)
  return [...firsts, '/v1'].filter((ending) => ending !== '/').sort((a, b) => b.length - a.length)
}

/** A user and a password before the host, or a query behind the path, are not quoted: they may be secrets. */
function parseUrl(url: string): URL {
  if (/^([a-z][a-z\d+.-]*:\/\/)?[^/?#]*@/i.test(url)) throw new Error('contains credentials; write them as `key`')
  if (/[?#]/.test(url)) throw new Error('has a query or a fragment; write scheme, host and path only')
  const parsed = /^https?:\/\//i.test(url) && URL.canParse(url) ? new URL(url) : null
  if (parsed === null) {
    if (url.includes('@')) throw new Error('is not a URL; write "http://host:port", and credentials as `key`')
    const bare = url.replace(
      /(?:\/v\d\w*)?\/(?:chat\/completions|completions|responses|messages|embeddings|models)\/*$/,
      '',
    )
    const example = URL.canParse(`http://${bare}`) && !url.includes('//') ? `http://${bare}` : 'http://host:port'
    throw new Error(`"${url}" is not a URL; write "${example}"`)
  }
  if (isForbidden(parsed.hostname))
    throw new Error(`"${parsed.hostname}" is a link-local or metadata address, which is never a backend`)
  return parsed
}
