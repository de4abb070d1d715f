/** Who calls: key -> request.principal. Keys exist here only as SHA-256 hashes. */
import { hash as digest, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GatewayError } from '../../core/errors.ts'
import { ANONYMOUS, type KeySpec, type Principal } from '../../core/principal.ts'

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null
  }
}

/** Adds the check to every route of `scope`. Without keys everybody is `anonymous`. */
export function authenticate(scope: FastifyInstance, keys: readonly KeySpec[]): void {
  const find = keyring(keys)
  scope.decorateRequest('principal', null)
  scope.addHook('onRequest', (request, _reply, done) => {
    const principal = find(request)
    request.principal = principal
    done(principal === null ? refusal(request) : undefined)
  })
}

export const principalOf = (request: FastifyRequest): Principal => request.principal ?? ANONYMOUS

/** The key that a request presents; null where it presents none that is known. */
export function keyring(keys: readonly KeySpec[]): (request: FastifyRequest) => Principal | null {
  if (keys.length === 0) return () => ANONYMOUS
  const byHash = new Map(keys.map((key) => [key.hash, { key, bytes: Buffer.from(key.hash, 'hex') }]))
  return (request) => {
    for (const token of presented(request)) {
      // The whole token is hashed, so tokens with a common prefix stay apart, and a stored hash is no key.
      const hex = digest('sha256', token, 'hex')
      const entry = byHash.get(hex)
      if (entry !== undefined && timingSafeEqual(entry.bytes, Buffer.from(hex, 'hex'))) return entry.key
    }
    return null
  }
}

/** Claude Code sends both kinds of header at times; any good one counts. */
function* presented(request: FastifyRequest): Generator<string> {
  const { authorization } = request.headers
  if (authorization !== undefined && /^bearer /i.test(authorization)) yield authorization.slice(7).trim()
  for (const name of ['x-api-key', 'api-key']) {
    const value = request.headers[name]
    if (typeof value === 'string' && value !== '') yield value
  }
}

function refusal(request: FastifyRequest): GatewayError {
  const none = presented(request).next().done === true
  return new GatewayError(
    'invalid_api_key',
    none
      ? 'No API key; send it as "Authorization: Bearer <key>", "x-api-key" or "api-key".'
      : 'This API key is not known here.',
  )
}
