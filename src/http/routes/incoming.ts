/** A request of Fastify's as those are read that come before it. */
import type { FastifyRequest } from 'fastify'
import { principalOf } from '../admission/auth.ts'
import type { Incoming } from '../gateway-request.ts'

export const incoming = ({ id, url, headers, body, arrival }: FastifyRequest): Incoming => ({
  id,
  url,
  raw: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  headers,
  principal: principalOf(arrival),
})
