/** What a browser says of where a request comes from: Host and Origin are judged before anything else. */
import { GatewayError } from '../../core/errors.ts'
import type { CorsSpec } from '../../core/settings.ts'
import { EXPOSED_HEADERS, type HeaderList } from '../../relay/headers.ts'
import type { Arrival } from '../arrival.ts'
import { authorityOf } from '../paths.ts'
import { type AllowedOrigins, isSameOrigin, type OwnHosts } from './own-hosts.ts'

export interface Door {
  readonly hosts: OwnHosts
  /** Pages of these may call, and read the answers. */
  readonly origins: AllowedOrigins
  /** False: no key is needed, so a foreign page must not get in. */
  readonly locked: () => boolean
  /** Null: browsers are told nothing. */
  readonly cors: CorsSpec | null
}

/** An answer without an Origin must not be kept for a request that has one. */
const VARIES: HeaderList = ['vary', 'origin']

/** Why a request may not come in; null where it may. */
export function foreign(arrival: Arrival, { hosts, origins, locked, cors }: Door): GatewayError | null {
  arrival.corsHeaders = cors === null || cors.origins.length === 0 ? null : VARIES
  const { host, origin } = arrival.request.headers
  if (!locked()) {
    const strange = strangeHost(arrival, hosts)
    if (strange !== null) return hostRefused(strange)
  }
  if (origin === undefined) return null
  if (origins(origin)) {
    if (cors !== null) arrival.corsHeaders = answerHeaders(origin)
    return null
  }
  return locked() || isSameOrigin(origin, host) ? null : originRefused(origin)
}

/** The target of a request for a proxy names a host as well. None at all is HTTP/1.0, which no browser speaks. */
function strangeHost({ target, request: { headers, socket } }: Arrival, isOwn: OwnHosts): string | null {
  for (const authority of [authorityOf(target), headers.host])
    if (typeof authority === 'string' && !isOwn(authorityOf(authority) ?? authority, socket.localAddress))
      return authority
  return null
}

const answerHeaders = (origin: string): HeaderList => [
  ...VARIES,
  'access-control-allow-origin',
  origin,
  'access-control-expose-headers',
  EXPOSED_HEADERS,
]

const hostRefused = (host: string): GatewayError =>
  new GatewayError(
    'host_not_allowed',
    `"${host.slice(0, 100)}" is not a host name of this gateway. To allow it, add it to \`server.hosts\` of the configuration or to the variable TURNOUT_HOSTS.`,
  )

const originRefused = (origin: string): GatewayError =>
  new GatewayError(
    'origin_not_allowed',
    `Pages of "${origin.slice(0, 100)}" may not call this gateway. To allow them, add the origin to \`server.cors.origins\` of the configuration.`,
  )
