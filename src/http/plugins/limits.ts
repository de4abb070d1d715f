/** Requests per minute for each key, counted by @fastify/rate-limit, told in OpenAI's headers. */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { GatewayError } from '../../core/errors.ts'
import { principalOf } from './auth.ts'

const WINDOW_MS = 60_000

/** Adds the limit to every route of `scope`; authentication must have been added before. */
export async function limitRequests(scope: FastifyInstance): Promise<void> {
  await scope.register(rateLimit, { global: false })
  const count = scope.createRateLimit({
    timeWindow: WINDOW_MS,
    max: (request) => principalOf(request).rpm ?? Infinity,
    keyGenerator: (request) => principalOf(request).id,
  })
  scope.addHook('onRequest', (request, reply, done) => {
    if (principalOf(request).rpm === null) return done()
    count(request).then((used) => {
      if (used.isAllowed) return done()
      announce(reply, used.max, used.remaining, used.ttl)
      done(used.isExceeded ? exceeded(principalOf(request).id, used.max, used.ttl) : undefined)
    }, done)
  })
}

function exceeded(id: string, max: number, resetMs: number): GatewayError {
  const wait = Math.ceil(resetMs / 1000)
  return new GatewayError(
    'rate_limit_exceeded',
    `Key "${id}" has used its ${max} requests per minute; try again in ${wait} s.`,
    { retryAfterMs: resetMs },
  )
}

/** The reset is a duration in Go's style, as OpenAI sends it. */
function announce(reply: FastifyReply, limit: number, remaining: number, resetMs: number): void {
  reply.header('x-ratelimit-limit-requests', limit)
  reply.header('x-ratelimit-remaining-requests', remaining)
  reply.header(
    'x-ratelimit-reset-requests',
    resetMs < 1000 ? `${Math.ceil(resetMs)}ms` : `${Math.ceil(resetMs / 1000)}s`,
  )
}
