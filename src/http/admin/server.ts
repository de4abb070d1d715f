/** The admin API: on an address of its own, so that who may reach the gateway cannot reach this. */
import { randomUUID } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import Fastify from 'fastify'
import type { Books } from '../../accounting/books.ts'
import { ConfigError } from '../../config/issues.ts'
import { GatewayError } from '../../core/errors.ts'
import type { AdminEvent } from '../../core/events.ts'
import type { AdminSpec } from '../../core/settings.ts'
import type { Log } from '../../observe/log/lines.ts'
import { ownHosts } from '../admission/own-hosts.ts'
import { foreign } from '../admission/door.ts'
import { noteArrivals } from '../plugins/admit.ts'
import { answerAdminErrors, onAdminClientError, onFrameworkError } from './errors.ts'
import { VERSION } from '../../version.ts'
import { adminPage } from '../pages/admin-page.ts'
import { PAGE_HEADERS } from '../pages/page.ts'
import { adminRoutes, type AdminTools } from './routes.ts'
import { askForToken } from './token.ts'

export interface AdminOptions extends AdminTools {
  readonly books: Pick<Books, 'flush'>
  readonly spec: AdminSpec
  /** Names that requests may call it by, beside loopback and its own host. */
  readonly hosts: readonly string[]
  readonly log: Log
  readonly emit: (event: AdminEvent) => void
}

export interface Admin {
  /** Resolves with its URL. Rejects where the address is taken. */
  listen(): Promise<string>
  close(): Promise<void>
}

const MOST_BYTES = 64 * 1024

export async function createAdmin({ spec, hosts, books, log, emit, ...tools }: AdminOptions): Promise<Admin> {
  const app = Fastify({
    bodyLimit: MOST_BYTES,
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 1_024 },
    forceCloseConnections: true,
    clientErrorHandler: onAdminClientError,
    frameworkErrors: onFrameworkError,
  })
  answerAdminErrors(app, log)
  // Every call of the API needs the token (its front page alone does not); a page that guesses it through somebody's browser does not even get to guess.
  const door = {
    hosts: ownHosts([spec.host, ...hosts], spec.host),
    origins: () => false,
    locked: () => false,
    cors: null,
  }
  noteArrivals(app, tools.now)
  app.addHook('onRequest', ({ arrival }, _reply, done) => done(foreign(arrival, door) ?? undefined))
  await app.register(rateLimit, { global: false })
  askForToken(app, spec.hash, (address) => emit({ event: 'admin_refused', address }))
  app.addHook('onSend', async (request, reply) => {
    reply.headers({ 'x-request-id': request.id, 'cache-control': 'no-store' })
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, parsed(body.toString()))
    } catch (thrown) {
      done(thrown as GatewayError)
    }
  })
  const routes = adminRoutes(tools)
  for (const path of ['/', '/admin'])
    app.get(path, { config: { open: true } }, ({ protocol, host }, reply) =>
      reply.headers(PAGE_HEADERS).send(adminPage(`${protocol}://${host}`, VERSION, routes)),
    )
  for (const route of routes)
    app.route({
      method: route.method,
      url: route.path,
      handler: async (request, reply) => {
        books.flush()
        const params = request.params as Readonly<Record<string, string>>
        const query = request.query as Readonly<Record<string, unknown>>
        const answer = await route.answer({ params, query, body: request.body })
        if (route.event !== null) emit({ event: route.event, ...subject(params, answer), by: request.ip })
        return reply.code(route.status ?? 200).send(answer)
      },
    })
  return {
    listen: () =>
      app.listen({ host: spec.host, port: spec.port }).catch((thrown: unknown) => {
        const { code, message } = thrown as NodeJS.ErrnoException
        throw new ConfigError([
          {
            path: 'admin',
            message: `cannot listen on ${spec.host}:${spec.port} (${code ?? message}); write another host or port`,
          },
        ])
      }),
    close: () => app.close(),
  }
}

/** An empty body is none, whatever its header says. */
function parsed(text: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new GatewayError('invalid_json', 'The body is not JSON.')
  }
}

/** Which key or budget a change was about; never more of the answer, which may hold a secret. */
function subject({ name, id: named }: Readonly<Record<string, string>>, answer: object) {
  const { key, id } = answer as { readonly key?: { readonly id?: string }; readonly id?: string | null }
  return { ...(name === undefined ? {} : { name }), id: named ?? key?.id ?? id ?? null }
}
