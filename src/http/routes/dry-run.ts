/** `POST /v1/route`: the decision about a request, and nothing sent. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { openAIError } from '../../formats/error-body.ts'
import { decisionRecordOf } from '../../core/decision-rows.ts'
import { inSlices } from '../../core/slices.ts'
import { decisionTable } from '../../observe/explain/table.ts'
import { type Deciding, dryRun, type Stages } from '../../pipeline.ts'
import { endpointOf, pathOf } from '../../formats/endpoint-of.ts'
import { LARGE_BYTES, largeMembers } from '../../formats/json/parse-large.ts'
import { addAnswerHeaders, asObject } from '../../relay/headers.ts'
import { prefersText } from '../accepts.ts'
import { anyRequest, type Incoming } from '../gateway-request.ts'

/** The record as JSON, or as a table where that is preferred; with `error` where the request itself would be refused. */
export async function answerDryRun(
  incoming: Incoming,
  request: FastifyRequest,
  reply: FastifyReply,
  stages: Pick<Stages, 'books' | 'formats' | 'answers'> & Deciding,
): Promise<FastifyReply> {
  const startedAt = stages.now()
  const { endpoint: asked, model } = request.query as Readonly<Record<string, string | string[] | undefined>>
  const { raw } = incoming
  const list = raw.length > LARGE_BYTES ? await inSlices(largeMembers(raw)) : null
  const endpoint = endpointOf(raw, asked === undefined ? null : String(asked), list)
  const url = pathOf(endpoint, raw, model === undefined ? null : String(model), list)
  const dry = await anyRequest(endpoint, { ...incoming, url }, startedAt, stages.formats, stages.answers)
  stages.books.flush()
  const { decision: rows, refusal } = dryRun(dry, stages)
  const record = decisionRecordOf(rows)
  const decision = refusal === null ? record : { ...record, ...openAIError(refusal) }
  const headers = ['vary', 'accept']
  const overheadMs = stages.now() - dry.startedAt
  addAnswerHeaders(headers, {
    requestId: dry.id,
    route: record.route,
    deployment: null,
    attempts: 0,
    overheadMs,
    maxTokens: null,
    path: null,
    trials: rows.trials,
  })
  reply.headers(asObject(headers))
  if (prefersText(request.headers.accept)) reply.type('text/plain; charset=utf-8').send(decisionTable(decision))
  else reply.send(decision)
  return reply
}
