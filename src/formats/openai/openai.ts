/** OpenAI's wire format: chat, legacy completions and embeddings, with rerank in the shape of Jina and Cohere. */
import { openAIError } from '../error-body.ts'
import type { Format } from '../format.ts'
import { streamHeaders } from '../stream-headers.ts'
import { encodeEvent, KEEP_ALIVE_EVENT } from '../sse.ts'
import { adaptationFor } from './adapt.ts'
import { OpenAIAnswerReader } from './answer-reader.ts'
import { asksUsage, composeInSteps, refusesUsage } from './compose.ts'
import { inOpenAIForm } from './compose-contents.ts'
import { DONE_EVENT } from './done.ts'
import { recordEvent, withRecord } from './explanation.ts'
import { readFault } from './fault.ts'
import { modelEntry, modelList } from './model-entry.ts'
import { OpenAIWriter } from './writer.ts'
import { parseBody, parseLargeBody } from './request.ts'

export const OPENAI: Format = {
  name: 'openai',
  caller: {
    read: parseBody,
    readInSteps: parseLargeBody,
    errorBody: openAIError,
    stream: {
      headers: streamHeaders('text/event-stream; charset=utf-8'),
      comment: KEEP_ALIVE_EVENT,
      end: DONE_EVENT,
      failed: (body) => Buffer.concat([encodeEvent(JSON.stringify(body)), DONE_EVENT]),
    },
    withRecord,
    recordEvent,
    modelEntry,
    modelList,
    writer: (request, nowMs) => new OpenAIWriter(request, nowMs),
  },
  backend: {
    compose: (request, deployment, how) => composeInSteps(inOpenAIForm(request), deployment, how),
    adaptation: (error, request, tried) => adaptationFor(error, inOpenAIForm(request), tried),
    asksUsage,
    refusesUsage,
    reader: (request, how) => new OpenAIAnswerReader(request, how),
    readFault,
  },
}
