/** `GET /`: what this is. Numbers are for those who need no key. */
import type { FastifyInstance } from 'fastify'
import type { Books } from '../../accounting/books.ts'
import type { KeyStore } from '../../keys/key-store.ts'
import { headlineOf } from '../../observe/headline/headline.ts'
import type { LastHour } from '../../observe/headline/last-hour.ts'
import { VERSION } from '../../version.ts'

export interface FrontTools {
  readonly books: Pick<Books, 'flush'>
  readonly keys: Pick<KeyStore, 'required'>
  readonly lastHour: Pick<LastHour, 'sums'>
}

/** Open to everybody. */
export function frontRoute(scope: FastifyInstance, { books, keys, lastHour }: FrontTools): void {
  scope.get('/', { config: { silent: true } }, ({ headers }, reply) => {
    // Clients of Ollama look for its words; nobody else may take this for an Ollama.
    if (OLLAMA_CLIENT.test(headers['user-agent'] ?? ''))
      return reply.type('text/plain; charset=utf-8').send('Ollama is running')
    const front = { name: 'turnout', status: 'running', version: VERSION }
    if (keys.required) return front
    books.flush()
    return { ...front, last_hour: headlineOf(lastHour.sums()) }
  })
}

const OLLAMA_CLIENT = /^ollama/i
