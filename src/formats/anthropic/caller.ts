/** Callers that speak Anthropic's Messages API: how their requests are read, and their answers written. */
import type { Endpoint } from '../../core/endpoints.ts'
import type { Steps } from '../../core/slices.ts'
import { LOCAL_ALIAS } from '../../core/model-alias.ts'
import { ContentsPrompt } from '../contents-prompt.ts'
import { typesChecked } from '../contents-prompt.ts'
import { MEMBER_TYPES } from './member-types.ts'
import type { CallerSide, ReadRequest } from '../format.ts'
import { members } from '../json/members.ts'
import { modelIn, type ReadObject, readObject, readObjectInSteps, streamIn } from '../json/read-object.ts'
import { append } from '../json/splice.ts'
import { streamHeaders } from '../stream-headers.ts'
import { errorBody, statusOf } from './error-body.ts'
import { event, MESSAGE_STOP, PING } from './events.ts'
import { answerHeaders } from './answer-headers.ts'
import { modelEntry, modelList } from './models.ts'
import { namesIn } from './names.ts'
import { SPELLING } from './spelling.ts'
import { MessageWriter } from './writer.ts'

export const CALLER: CallerSide = {
  read: (raw, endpoint) => requestOf(readObject(raw), endpoint),
  readInSteps,
  checkTypes: typesChecked(MEMBER_TYPES),
  errorBody,
  statusOf,
  stream: {
    headers: streamHeaders('text/event-stream; charset=utf-8'),
    comment: PING,
    end: MESSAGE_STOP,
    // The event of an error ends a stream.
    failed: (body) => event({ ...body, type: 'error' }),
  },
  withRecord: (body, record) => {
    const list = members(body)
    return list === null ? body : append(body, list, 'turnout', JSON.stringify(record))
  },
  // Clients read over whatever else a ping says.
  recordEvent: (_request, _state, _nowMs, record) => event({ type: 'ping', turnout: record }),
  answerHeaders,
  counted: (tokens) => ({ input_tokens: tokens }),
  modelAlias: LOCAL_ALIAS,
  modelEntry,
  modelList,
  writer: (request) => new MessageWriter(request),
}

function* readInSteps(raw: Buffer, endpoint: Endpoint): Steps<ReadRequest> {
  return requestOf(yield* readObjectInSteps(raw), endpoint)
}

function requestOf(object: ReadObject, endpoint: Endpoint): ReadRequest {
  return {
    model: modelIn(object),
    stream: streamIn(object.body, false) && endpoint.streams,
    prompt: new ContentsPrompt(endpoint, SPELLING, object),
    names: namesIn(object.body),
  }
}
