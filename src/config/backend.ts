/** A backend of the configuration, or one that was found, with its provider's facts filled in. */
import type { BackendSpec, Price, Provider } from '../core/settings.ts'

export interface BackendInput {
  readonly name: string
  readonly url?: string | undefined
  readonly key?: string | undefined
  readonly models?: readonly string[] | undefined
  readonly price?: Price | null | undefined
  readonly include_usage?: boolean | undefined
}

/** Throws an Error that says what is wrong with the URL, without its path in the file. */
export function toBackendSpec(input: BackendInput, provider: Provider): BackendSpec {
  return {
    name: input.name,
    provider,
    root: rootOf(input.url ?? provider.url, provider),
    key: input.key === undefined || input.key === '' ? null : input.key,
    models: input.models ?? [],
    price: input.price ?? null,
    includeUsage: input.include_usage ?? provider.request.includeUsage,
  }
}

/** Cloud metadata services: a request forged through a gateway must not reach them. */
const FORBIDDEN_HOSTS =
  /^(169\.254\.\d+\.\d+|metadata\.google\.internal|metadata|100\.100\.100\.200|\[fe[89ab][\da-f]:.*\]|\[fd00:ec2::254\])$/i

/** Scheme, host and path, without the provider's version prefix and without a slash at the end. */
function rootOf(url: string | null, provider: Provider): string {
  if (url === null)
    throw new Error(`is missing; "${provider.kind}" has no address of its own, write url: "http://host:port"`)
  const parsed = parseUrl(url)
  if (parsed.username !== '' || parsed.password !== '') throw new Error('holds credentials; write them as `key`')
  if (parsed.search !== '' || parsed.hash !== '')
    throw new Error(`"${url}" has a query or a fragment; write scheme, host and path only`)
  if (FORBIDDEN_HOSTS.test(parsed.hostname))
    throw new Error(`"${parsed.hostname}" is a link-local or metadata address, which is never a backend`)
  const whole = `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, '')
  for (const ending of [provider.api, '/v1']) {
    if (ending !== '' && whole.endsWith(ending) && whole.length > parsed.origin.length)
      return whole.slice(0, -ending.length).replace(/\/+$/, '')
  }
  return whole
}

function parseUrl(url: string): URL {
  const remedy = `"${url.replace(/\/\/[^/]*@/, '//***@')}" is not a URL; write "http://${url.replace(/^\w*:?\/*/, '').replace(/^.*@/, '')}"`
  if (!/^https?:\/\//i.test(url)) throw new Error(remedy)
  try {
    return new URL(url)
  } catch {
    throw new Error(remedy)
  }
}
