/** The door of the admin API: one token, in one header. An address that guesses too often waits; the right token never does. */
import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GatewayError } from '../../core/errors.ts'
import { hashOf } from '../../keys/secret.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** It says nothing that needs the token. */
    open?: boolean
  }
}

const WINDOW_MS = 60_000
const GUESSES = 10

/** Asks for the token before whatever `scope` answers, also where it has no such path. @fastify/rate-limit must have been added. `hash`: SHA-256 of the token, 64 hex digits. */
export function askForToken(scope: FastifyInstance, hash: string, onRefusal: (address: string) => void): void {
  const wanted = Buffer.from(hash, 'hex')
  const failures = scope.createRateLimit({ timeWindow: WINDOW_MS, max: GUESSES - 1 })
  const isRight = (token: string): boolean => timingSafeEqual(wanted, Buffer.from(hashOf(token), 'hex'))
  scope.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.open === true) return
    const token = tokenOf(request)
    // Before the count: else whoever shares the operator's address, a proxy's for one, could lock the operator out.
    // Guesses are held back by the length of the token alone; the count spares the log.
    if (token !== null && isRight(token)) return
    const before = await failures(request, { increment: false })
    if (!before.isAllowed && before.isExceeded) throw tooMany(before.ttl)
    await failures(request)
    onRefusal(request.ip)
    reply.header('www-authenticate', 'Bearer')
    throw new GatewayError(
      'invalid_api_key',
      token === null
        ? 'The admin API needs its token; send it as "Authorization: Bearer <token>".'
        : 'This is not the token of the admin API.',
    )
  })
}

function tokenOf({ headers: { authorization } }: FastifyRequest): string | null {
  return authorization !== undefined && /^bearer /i.test(authorization) ? authorization.slice(7).trim() : null
}

function tooMany(waitMs: number): GatewayError {
  const message = `This address has sent ${GUESSES} wrong tokens within a minute; try again in ${Math.ceil(waitMs / 1000)} s.`
  return new GatewayError('rate_limit_exceeded', message, { retryAfterMs: waitMs })
}
