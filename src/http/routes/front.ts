/** `GET /`: what this is, as a page for browsers and as JSON for programs. Names and numbers are for those who need no key. */
import type { FastifyInstance } from 'fastify'
import type { Books } from '../../accounting/books.ts'
import type { Fleet } from '../../backends/fleet/fleet.ts'
import { ANONYMOUS } from '../../core/principal.ts'
import type { RouteTable } from '../../decision/route/table.ts'
import type { KeyStore } from '../../keys/key-store.ts'
import { headlineOf } from '../../observe/headline/headline.ts'
import type { LastHour } from '../../observe/headline/last-hour.ts'
import { VERSION } from '../../version.ts'
import { prefersText } from '../accepts.ts'
import { frontPage } from '../pages/front-page.ts'
import { PAGE_HEADERS } from '../pages/page.ts'
import { namesFor } from './models.ts'

export interface FrontTools {
  readonly books: Pick<Books, 'flush'>
  readonly keys: Pick<KeyStore, 'required'>
  readonly lastHour: Pick<LastHour, 'sums'>
  readonly fleet: Pick<Fleet, 'states'>
  readonly table: () => RouteTable
}

/** Open to everybody. */
export function frontRoute(scope: FastifyInstance, { books, keys, lastHour, fleet, table }: FrontTools): void {
  const hour = (): ReturnType<typeof headlineOf> => {
    books.flush()
    return headlineOf(lastHour.sums())
  }
  scope.get('/', { config: { silent: true } }, ({ headers, protocol, host, socket }, reply) => {
    // Clients of Ollama look for its words; nobody else may take this for an Ollama.
    if (OLLAMA_CLIENT.test(headers['user-agent'] ?? ''))
      return reply.type('text/plain; charset=utf-8').send('Ollama is running')
    void reply.header('vary', 'accept')
    if (!prefersText(headers.accept, 'text/html')) {
      const front = { name: 'turnout', status: 'running', version: VERSION }
      return keys.required ? front : { ...front, last_hour: hour() }
    }
    const open = keys.required
      ? null
      : {
          backends: fleet.states(),
          models: namesFor(ANONYMOUS, table()).map(([name]) => name),
          lastHour: hour(),
        }
    const reached = HOST.test(host) ? host : `127.0.0.1:${socket.localPort}`
    return reply.headers(PAGE_HEADERS).send(frontPage({ version: VERSION, origin: `${protocol}://${reached}`, open }))
  })
}

/** What may stand in a line that somebody pastes into a shell. */
const HOST = /^[\w.:[\]-]+$/

const OLLAMA_CLIENT = /^ollama/i
