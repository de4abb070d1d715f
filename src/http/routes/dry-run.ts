/** `POST /v1/route`: the decision about a request, and nothing sent. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { toEnvelope } from '../../core/errors.ts'
import { decisionTable } from '../../observe/decision-table.ts'
import { type Deciding, dryRun } from '../../pipeline.ts'
import { endpointOf } from '../../protocol/endpoint-of.ts'
import { addAnswerHeaders, asObject } from '../../relay/headers.ts'
import { prefersText } from '../accepts.ts'
import { gatewayRequest, type Incoming } from '../gateway-request.ts'

/** The record as JSON, or as a table where that is preferred; with `error` where the request itself would be refused. */
export function answerDryRun(incoming: Incoming, request: FastifyRequest, reply: FastifyReply, stages: Deciding): void {
  const { endpoint: asked } = request.query as Readonly<Record<string, string | string[] | undefined>>
  const endpoint = endpointOf(incoming.raw, asked === undefined ? null : String(asked))
  const dry = gatewayRequest(endpoint, incoming, stages.now())
  const { record, error } = dryRun(dry, stages)
  const decision = error === null ? record : { ...record, ...toEnvelope(error) }
  const headers = ['vary', 'accept']
  const overheadMs = stages.now() - dry.startedAt
  addAnswerHeaders(headers, {
    requestId: dry.id,
    route: record.route,
    deployment: null,
    attempts: 0,
    overheadMs,
    maxTokens: null,
  })
  reply.headers(asObject(headers))
  if (prefersText(request.headers.accept)) void reply.type('text/plain; charset=utf-8').send(decisionTable(decision))
  else void reply.send(decision)
}
