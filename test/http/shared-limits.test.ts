import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import { ANONYMOUS } from '../../src/core/principal.ts'
import { limitRequests } from '../../src/http/plugins/limits.ts'

type Done = (error: Error | null, result?: readonly [number, number]) => void

/** What @fastify/rate-limit asks of ioredis: commands that count. `away` fails them all. */
function counters(): { away: boolean; readonly counts: Map<string, number>; defineCommand(name: string): void } {
  const counts = new Map<string, number>()
  const client = {
    away: false,
    counts,
    defineCommand(name: string) {
      Object.assign(client, {
        [name]: (key: string, ...rest: readonly unknown[]) => {
          const done = rest.at(-1) as Done
          if (client.away) return done(new Error('away'))
          counts.set(key, (counts.get(key) ?? 0) + 1)
          done(null, [counts.get(key)!, 60_000])
        },
      })
    },
  }
  return client
}

async function gateway(t: Test, redis: unknown): Promise<() => Promise<number>> {
  const app = Fastify()
  app.decorateRequest('principal', null)
  app.addHook('onRequest', (request, _reply, done) => {
    request.principal = { ...ANONYMOUS, id: 'few', rpm: 3 }
    done()
  })
  app.setErrorHandler((error, _request, reply) =>
    reply.code(error instanceof GatewayError ? error.status : 500).send({ message: String(error) }),
  )
  await limitRequests(app, redis)
  app.get('/', () => 'ok')
  t.teardown(() => app.close())
  return async () => (await app.inject('/')).statusCode
}

t.test('requests per minute of a key hold over all processes that share a Redis', async (t) => {
  const redis = counters()
  const [one, two] = [await gateway(t, redis), await gateway(t, redis)]
  t.same([await one(), await two(), await one(), await two(), await one()], [200, 200, 200, 429, 429])
  t.equal(redis.counts.size, 1)
  redis.away = true
  t.equal(await one(), 200, 'while it is away nobody is refused')
})

t.test('without one each process counts for itself', async (t) => {
  const [one, two] = [await gateway(t, null), await gateway(t, null)]
  t.same([await one(), await one(), await one(), await one()], [200, 200, 200, 429])
  t.equal(await two(), 200)
})
