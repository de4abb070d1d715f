/** What a browser says of where a request comes from: Host and Origin are judged before anything else, and CORS is answered. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../../core/errors.ts'
import type { CorsSpec } from '../../core/settings.ts'
import { asObject, EXPOSED_HEADERS, type HeaderList } from '../../relay/headers.ts'
import { type AllowedOrigins, isSameOrigin, type OwnHosts } from '../own-hosts.ts'
import { authorityOf } from '../paths.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What any answer tells the browser of its caller: CORS; null: nothing. */
    corsHeaders: HeaderList | null
  }
}

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

/** Adds the check to every request, also to those for paths that do not exist. */
export function guardDoor(app: FastifyInstance, door: Door): void {
  const usual = door.cors === null || door.cors.origins.length === 0 ? null : VARIES
  app.decorateRequest('corsHeaders', null)
  app.addHook('onRequest', (request, reply, done) => {
    request.corsHeaders = usual
    const { host, origin } = request.headers
    if (!door.locked()) {
      const foreign = foreignHost(request, door.hosts)
      if (foreign !== null) return done(strangeHost(foreign))
    }
    if (origin === undefined) return done()
    if (door.origins(origin)) {
      if (door.cors !== null) request.corsHeaders = answerHeaders(origin)
      if (door.cors !== null && isPreflight(request)) return preflight(request, reply, origin, door.cors)
    } else if (!door.locked() && !isSameOrigin(origin, host)) return done(strangeOrigin(origin))
    done()
  })
  // Answers of the pipeline carry them by themselves.
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (request.corsHeaders !== null) {
      const vary = reply.getHeader('vary')
      reply.headers(asObject(request.corsHeaders))
      if (vary !== undefined) reply.header('vary', `${String(vary)}, origin`)
    }
    done()
  })
}

/** The target of a request for a proxy names a host as well. None at all is HTTP/1.0, which no browser speaks. */
function foreignHost({ originalUrl, headers: { host }, socket }: FastifyRequest, isOwn: OwnHosts): string | null {
  for (const authority of [authorityOf(originalUrl), host])
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

const isPreflight = ({ method, headers }: FastifyRequest): boolean =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined

/** Names of headers in a list. */
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~\-, ]{1,4000}$/

/** Browsers send no key with it. */
function preflight({ headers }: FastifyRequest, reply: FastifyReply, origin: string, cors: CorsSpec): void {
  const asked = headers['access-control-request-headers'] ?? ''
  const allowed = cors.headers.includes('*') && HEADER_NAMES.test(asked) ? asked : cors.headers.join(', ')
  reply.headers({
    ...asObject(answerHeaders(origin)),
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-allow-headers': allowed,
    'access-control-max-age': String(Math.round(cors.maxAgeMs / 1000)),
  })
  // A page of a public address that calls a private one: Chrome's wish of its own.
  if (headers['access-control-request-private-network'] === 'true')
    reply.header('access-control-allow-private-network', 'true')
  void reply.code(204).send()
}

const strangeHost = (host: string): GatewayError =>
  new GatewayError(
    'host_not_allowed',
    `"${host.slice(0, 100)}" is not a host name of this gateway. To allow it, add it to \`server.hosts\` of the configuration or to the variable TURNOUT_HOSTS.`,
  )

const strangeOrigin = (origin: string): GatewayError =>
  new GatewayError(
    'origin_not_allowed',
    `Pages of "${origin.slice(0, 100)}" may not call this gateway. To allow them, add the origin to \`server.cors.origins\` of the configuration.`,
  )
