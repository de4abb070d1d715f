/** Answers that are kept, for those whose they are: one of them, what it was given to, and its end. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Answers } from '../../answers/answers.ts'
import { RESPONSES } from '../../core/endpoints.ts'
import { GatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { type Formats, formatNamed } from '../../formats/formats.ts'
import { principalOf } from '../admission/auth.ts'

const JSON_TYPE = 'application/json; charset=utf-8'
const EVENTS_TYPE = 'text/event-stream; charset=utf-8'

export function answerRoutes(scope: FastifyInstance, formats: Formats, answers: Answers | null): void {
  const { kept } = formatNamed(RESPONSES.format, formats).caller
  if (kept === undefined) return
  const config = { free: true, endpoint: RESPONSES }
  const recordOf = async (request: FastifyRequest): Promise<Buffer> => {
    const id = idOf(request)
    const record = await answers?.get(principalOf(request.arrival).id, id)
    if (record === null || record === undefined) throw noSuchAnswer(id)
    return record
  }
  scope.get('/v1/responses/:id', { config }, async (request, reply) => {
    const query = queryOf(request)
    const after = startOf(query)
    const record = await recordOf(request)
    if (query['stream'] !== 'true') return reply.type(JSON_TYPE).send(kept.answerIn(record))
    return reply.type(EVENTS_TYPE).send(Buffer.concat(kept.eventsIn(record).slice(after + 1)))
  })
  scope.get('/v1/responses/:id/input_items', { config }, async (request) =>
    pageOf(kept.itemsIn(await recordOf(request)), queryOf(request)),
  )
  scope.delete('/v1/responses/:id', { config }, async (request) => {
    const id = idOf(request)
    const deleted = (await answers?.delete(principalOf(request.arrival).id, id)) ?? false
    if (!deleted) throw noSuchAnswer(id)
    return { id, object: 'response', deleted }
  })
  scope.post('/v1/responses/:id/cancel', { config }, async (request) => {
    await recordOf(request)
    throw invalid('response_id', 'Only an answer with `background` can be cancelled, and this one is complete.')
  })
}

/** Number of the event behind which a stream goes on; -1: from its beginning. */
function startOf({ stream, starting_after: after }: Query): number {
  if (stream !== undefined && stream !== 'true' && stream !== 'false')
    throw invalid('stream', '`stream` must be true or false.')
  if (after === undefined) return -1
  const number = Number(after)
  if (stream === 'true' && after !== '' && Number.isInteger(number) && number >= 0) return number
  throw invalid('starting_after', '`starting_after` is the number of an event, and needs `stream=true`.')
}

type Query = Readonly<Record<string, string | string[] | undefined>>

const queryOf = (request: FastifyRequest): Query => request.query as Query
const idOf = (request: FastifyRequest): string => (request.params as { readonly id: string }).id

const LEAST = 1
const USUAL = 20
const MOST = 100

/** A part of a list by OpenAI's cursors: the newest first, unless the other order is asked for. */
function pageOf(items: readonly JsonObject[], { limit, order, after }: Query): object {
  const most = limit === undefined ? USUAL : Number(limit)
  if (!Number.isInteger(most) || most < LEAST || most > MOST)
    throw invalid('limit', `\`limit\` must be a whole number from ${LEAST} to ${MOST}.`)
  if (order !== undefined && order !== 'asc' && order !== 'desc')
    throw invalid('order', '`order` must be "asc" or "desc".')
  const sorted = order === 'asc' ? items : items.toReversed()
  const start = after === undefined ? 0 : sorted.findIndex(({ id }) => id === after) + 1
  if (after !== undefined && start === 0) throw invalid('after', '`after` is the id of none of these items.')
  const data = sorted.slice(start, start + most)
  return {
    object: 'list',
    data,
    first_id: data[0]?.['id'] ?? null,
    last_id: data.at(-1)?.['id'] ?? null,
    has_more: start + most < sorted.length,
  }
}

const invalid = (param: string, message: string): GatewayError =>
  new GatewayError('invalid_request', message, { param })

const noSuchAnswer = (id: string): GatewayError =>
  new GatewayError('answer_not_found', `No answer "${id.slice(0, 100)}" is kept here for this key.`, {
    param: 'response_id',
  })
