/** The Responses API of OpenAI, as clouds and engines have it too. */
import { openAIError } from '../error-body.ts'
import { readFault } from '../read-fault.ts'
import { typesChecked } from '../contents-prompt.ts'
import { MEMBER_TYPES } from './member-types.ts'
import type { Format } from '../format.ts'
import { members } from '../json/members.ts'
import { append } from '../json/splice.ts'
import { encodeEvent, KEEP_ALIVE_EVENT, NAMED_EVENTS } from '../sse.ts'
import { streamHeaders } from '../stream-headers.ts'
import { adaptationFor } from './adapt.ts'
import { ResponsesAnswerReader } from './answer-reader.ts'
import { compose } from './compose.ts'
import { errorEvent } from './failed-event.ts'
import { KEPT } from './kept.ts'
import { NAME, readRequest, readRequestInSteps } from './request.ts'
import { ResponsesWriter } from './writer.ts'

export const RESPONSES: Format = {
  name: NAME,
  caller: {
    read: readRequest,
    readInSteps: readRequestInSteps,
    checkTypes: typesChecked(MEMBER_TYPES),
    errorBody: openAIError,
    stream: {
      headers: streamHeaders('text/event-stream; charset=utf-8'),
      comment: KEEP_ALIVE_EVENT,
      // Its last event is the end.
      end: Buffer.alloc(0),
      failed: errorEvent,
    },
    withRecord(body, record) {
      const list = members(body)
      return list === null ? body : append(body, list, 'turnout', JSON.stringify(record))
    },
    // Clients throw at types that they do not know, and take no notice of this one.
    recordEvent: (_request, _state, _nowMs, record) =>
      encodeEvent(JSON.stringify({ type: 'keepalive', turnout: record }), 'keepalive'),
    modelEntry: (name, _serving, since) => ({ id: name, object: 'model', created: since, owned_by: 'turnout' }),
    counted: (tokens) => ({ object: 'response.input_tokens', input_tokens: tokens }),
    modelAlias: null,
    answerHeaders: null,
    modelList: (entries) => ({ object: 'list', data: entries }),
    kept: KEPT,
    writer: (request, nowMs) => new ResponsesWriter(request, nowMs),
  },
  backend: {
    framing: NAMED_EVENTS,
    compose,
    adaptation: adaptationFor,
    asksUsage: () => false,
    refusesUsage: () => false,
    reader: (request, how) => new ResponsesAnswerReader(request, how),
    readFault,
  },
}
