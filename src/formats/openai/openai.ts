/** OpenAI's wire format: chat, legacy completions and embeddings, with rerank in the shape of Jina and Cohere. */
import { openAIError } from '../error-body.ts'
import { refuseWrongTypes } from '../json/member-types.ts'
import { MEMBER_TYPES } from './member-types.ts'
import { OpenAIPrompt } from './prompt.ts'
import type { Format } from '../format.ts'
import { streamHeaders } from '../stream-headers.ts'
import { encodeEvent, EVENTS, KEEP_ALIVE_EVENT } from '../sse.ts'
import { adaptationFor } from './adapt.ts'
import { OpenAIAnswerReader } from './answer-reader.ts'
import { asksUsage, composeInSteps, refusesUsage } from './compose.ts'
import { inOpenAIForm, type Ways } from './compose-contents.ts'
import { DONE_EVENT } from './done.ts'
import { HANDOVER } from './handover.ts'
import { recordEvent, withRecord } from './explanation.ts'
import { readFault } from '../read-fault.ts'
import { modelEntry, modelList } from './model-entry.ts'
import { TOKEN_COUNTER } from './token-counter.ts'
import { OpenAIWriter } from './writer.ts'
import { parseBody, parseLargeBody } from './request.ts'

export const OPENAI: Format = {
  name: 'openai-chat',
  caller: {
    read: parseBody,
    readInSteps: parseLargeBody,
    checkTypes: (prompt) => refuseWrongTypes(prompt instanceof OpenAIPrompt ? prompt.body : undefined, MEMBER_TYPES),
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
    modelAlias: null,
    answerHeaders: null,
    writer: (request, nowMs) => new OpenAIWriter(request, nowMs),
  },
  backend: {
    framing: EVENTS,
    compose: (request, deployment, how) =>
      composeInSteps(inOpenAIForm(request, deployment.backend.provider, deployment.model, how.lossy), deployment, how),
    adaptation: (error, request, tried) => adaptationFor(error, inOpenAIForm(request, ANY_WAYS, '', []), tried),
    asksUsage,
    refusesUsage,
    reader: (request, how) => new OpenAIAnswerReader(request, how),
    readFault,
    counter: TOKEN_COUNTER,
    handover: HANDOVER,
  },
}

/** Which fields a request has does not depend on the backend. */
const ANY_WAYS: Ways = { local: false, request: { thoughts: null, outputLimit: null, freeTools: false, effort: [] } }
