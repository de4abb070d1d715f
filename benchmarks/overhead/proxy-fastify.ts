/** Child process: the empty proxy that all others are measured against. Fastify in front, undici behind, nothing parsed. */
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { Pool } from 'undici'
import { passedOn } from './pass-headers.ts'

const upstream = new Pool(`http://127.0.0.1:${process.argv[2] ?? ''}`, { pipelining: 1 })
const app = Fastify({ bodyLimit: 64 * 1024 * 1024 })
app.removeAllContentTypeParsers()
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.all('/*', async (request, reply) => {
  const { statusCode, headers, body } = await upstream.request({
    path: request.url,
    method: request.method,
    headers: passedOn(request.headers),
    body: Buffer.isBuffer(request.body) ? request.body : null,
  })
  return reply.code(statusCode).headers(passedOn(headers)).send(body)
})
await app.listen({ port: 0, host: '127.0.0.1' })
process.send?.({ port: (app.server.address() as AddressInfo).port })
process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))
