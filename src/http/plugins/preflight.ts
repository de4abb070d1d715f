/** Browsers ask before they let a page of another origin call: CORS. They send no key with it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CorsSpec } from '../../core/settings.ts'
import type { Door } from '../admission/door.ts'

/** Answers for every path, also for those that do not exist. The door must have been passed. */
export function answerPreflights(app: FastifyInstance, { origins, cors }: Pick<Door, 'origins' | 'cors'>): void {
  if (cors === null) return
  app.addHook('onRequest', (request, reply, done) => {
    const { method, headers } = request
    const asks = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
    if (asks && headers.origin !== undefined && origins(headers.origin)) allow(request, reply, cors)
    else done()
  })
}

/** Names of headers in a list. */
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~\-, ]{1,4000}$/

function allow({ headers }: FastifyRequest, reply: FastifyReply, cors: CorsSpec): void {
  const asked = headers['access-control-request-headers'] ?? ''
  const allowed = cors.headers.includes('*') && HEADER_NAMES.test(asked) ? asked : cors.headers.join(', ')
  reply.headers({
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-allow-headers': allowed,
    'access-control-max-age': String(Math.round(cors.maxAgeMs / 1000)),
  })
  // A page of a public address that calls a private one: Chrome's wish of its own.
  if (headers['access-control-request-private-network'] === 'true')
    reply.header('access-control-allow-private-network', 'true')
  void reply.code(204).send()
}
