/** Requests per minute for each key, counted by @fastify/rate-limit, told in OpenAI's headers. */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GatewayError } from '../../core/errors.ts'
import type { TokensLeft } from '../../budgets/limiter.ts'
import { asObject, type HeaderList } from '../../relay/headers.ts'
import { principalOf } from './auth.ts'
import { MinuteStore } from './minute-store.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Takes nothing of the requests per minute. */
    free?: boolean
  }
  interface FastifyRequest {
    /** What any answer to this request tells about its key's limit; null without one. */
    limitHeaders: HeaderList | null
  }
}

const WINDOW_MS = 60_000

/** Adds the limit to every route of `scope`; authentication must have been added before. `redis`: a client of ioredis that counts for several gateways; while it is away nothing is refused. */
export async function limitRequests(scope: FastifyInstance, redis: unknown = null): Promise<void> {
  scope.decorateRequest('limitHeaders', null)
  const shared = redis === null ? { store: MinuteStore } : { redis, nameSpace: 'turnout-rpm-', skipOnError: true }
  await scope.register(rateLimit, { global: false, ...shared })
  const count = scope.createRateLimit({
    timeWindow: WINDOW_MS,
    // Read with each request: keys change while the gateway runs.
    max: (request) => principalOf(request).rpm ?? Infinity,
    keyGenerator: (request) => principalOf(request).id,
  })
  scope.addHook('onRequest', (request, _reply, done) => {
    if (principalOf(request).rpm === null) return done()
    // Clients look at the list of models before each request, and that takes nothing.
    const counted = request.routeOptions.config.free !== true
    count(request, { increment: counted }).then((used) => {
      if (used.isAllowed) return done()
      request.limitHeaders = headersOf(used.max, used.remaining, used.ttl)
      done(counted && used.isExceeded ? exceeded(request, used.max, used.ttl) : undefined)
    }, done)
  })
  // Answers of the pipeline carry them by themselves.
  scope.addHook('onSend', (request, reply, _payload, done) => {
    if (request.limitHeaders !== null) reply.headers(asObject(request.limitHeaders))
    done()
  })
}

function exceeded(request: FastifyRequest, max: number, resetMs: number): GatewayError {
  const wait = Math.ceil(resetMs / 1000)
  const message = `Key "${principalOf(request).id}" has used its ${max} requests per minute; try again in ${wait} s.`
  return new GatewayError('rate_limit_exceeded', message, { retryAfterMs: resetMs })
}

/** The reset is a duration in Go's style, as OpenAI sends it. */
const headersOf = (limit: number, remaining: number, resetMs: number, of = 'requests'): HeaderList => [
  `x-ratelimit-limit-${of}`,
  String(limit),
  `x-ratelimit-remaining-${of}`,
  String(remaining),
  `x-ratelimit-reset-${of}`,
  resetMs < 1000 ? `${Math.ceil(resetMs)}ms` : `${Math.ceil(resetMs / 1000)}s`,
]

/** What an answer tells about all limits of its key. `tokens`: before this request. */
export function limitHeadersOf(request: FastifyRequest, tokens: TokensLeft | null): HeaderList {
  if (tokens === null) return request.limitHeaders ?? []
  return [...(request.limitHeaders ?? []), ...headersOf(tokens.limit, tokens.remaining, tokens.resetMs, 'tokens')]
}
