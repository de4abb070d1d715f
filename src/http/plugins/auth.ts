/** Who calls: key -> request.principal. Keys exist here only as SHA-256 hashes. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GatewayError } from '../../core/errors.ts'
import { ANONYMOUS, type Principal } from '../../core/principal.ts'
import type { Holder } from '../../keys/keyring.ts'
import type { KeyStore } from '../../keys/key-store.ts'

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null
  }
}

/** Adds the check to every route of `scope`. Where no keys are asked for everybody is `anonymous`. */
export function authenticate(scope: FastifyInstance, keys: Pick<KeyStore, 'required' | 'find'>): void {
  scope.decorateRequest('principal', null)
  scope.addHook('onRequest', (request, _reply, done) => {
    if (!keys.required) {
      request.principal = ANONYMOUS
      return done()
    }
    const found = holderOf(request, keys)
    if (found instanceof GatewayError) return done(found)
    request.principal = found.key
    done(found.scope === 'read' && !reads(request) ? spends(found) : undefined)
  })
}

export const principalOf = (request: FastifyRequest): Principal => request.principal ?? ANONYMOUS

/** Claude Code sends both kinds of header at times; any good one counts. */
function holderOf(request: FastifyRequest, keys: Pick<KeyStore, 'find'>): Holder | GatewayError {
  let why = 'No API key; send it as "Authorization: Bearer <key>", "x-api-key" or "api-key".'
  for (const token of presented(request)) {
    const found = keys.find(token)
    if (found !== null && typeof found === 'object') return found
    why = found ?? 'This API key is unknown.'
  }
  return new GatewayError('invalid_api_key', why)
}

function* presented(request: FastifyRequest): Generator<string> {
  const { authorization } = request.headers
  if (authorization !== undefined && /^bearer /i.test(authorization)) yield authorization.slice(7).trim()
  for (const name of ['x-api-key', 'api-key']) {
    const value = request.headers[name]
    if (typeof value === 'string' && value !== '') yield value
  }
}

/** What costs nothing and changes nothing comes with these methods. */
const reads = ({ method }: FastifyRequest): boolean => method === 'GET' || method === 'HEAD'

const spends = ({ key }: Holder): GatewayError =>
  new GatewayError('forbidden', `Key "${key.id}" may only read: GET /v1/models and GET /health.`)
