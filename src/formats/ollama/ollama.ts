/** The wire format of Ollama's own API: chat, generate and embeddings. */
import { OLLAMA_GENERATE } from '../../core/endpoints.ts'
import type { GatewayError } from '../../core/errors.ts'
import type { GatewayRequest } from '../../core/types.ts'
import type { AnswerState } from '../answer-state.ts'
import { typesChecked } from '../contents-prompt.ts'
import { MEMBER_TYPES } from './member-types.ts'
import type { Format } from '../format.ts'
import { members } from '../json/members.ts'
import { append } from '../json/splice.ts'
import { readFault } from '../read-fault.ts'
import { streamHeaders } from '../stream-headers.ts'
import { OllamaAnswerReader } from './answer-reader.ts'
import { composeInSteps } from './compose.ts'
import { encodeLine, LINES } from './lines.ts'
import { modelEntry, modelList, runningModels, shownModel } from './model-entry.ts'
import { OLLAMA } from './prompt.ts'
import { readLargeRequest, readRequest } from './request.ts'
import { OllamaWriter } from './writer.ts'

/** The version whose API this is. */
const VERSION = '0.34.4'

/** A piece of an answer without a word in it, of chat and of generate. */
const SILENCE = encodeLine({
  model: '',
  created_at: '1970-01-01T00:00:00Z',
  message: { role: 'assistant', content: '' },
  response: '',
  done: false,
})

/** Clients look for these words, in order to offer to pull the model. */
const errorBody = ({ code, message }: GatewayError): object => ({
  error: code === 'model_not_found' ? `model not found: ${message}` : message,
})

export const OLLAMA_FORMAT: Format = {
  name: OLLAMA,
  caller: {
    read: readRequest,
    readInSteps: readLargeRequest,
    checkTypes: typesChecked(MEMBER_TYPES),
    errorBody,
    stream: {
      headers: streamHeaders('application/x-ndjson'),
      comment: SILENCE,
      // The last line of an answer says that it is.
      end: Buffer.alloc(0),
      failed: encodeLine,
    },
    withRecord,
    recordEvent: (request, state, nowMs, record) =>
      encodeLine({ ...emptyAnswer(request, state, nowMs), done: true, turnout: record }),
    modelEntry,
    modelList,
    modelAlias: null,
    answerHeaders: null,
    views: { shown: shownModel, running: runningModels, version: VERSION },
    writer: (request, nowMs, clock) => new OllamaWriter(request, nowMs, clock),
    loaded: (request, nowMs) =>
      Buffer.from(JSON.stringify({ ...emptyAnswer(request, null, nowMs), done: true, done_reason: 'load' })),
  },
  backend: {
    framing: LINES,
    compose: composeInSteps,
    adaptation: () => null,
    asksUsage: () => false,
    refusesUsage: () => false,
    reader: (request, how) => new OllamaAnswerReader(request, how),
    readFault,
  },
}

function emptyAnswer({ model, endpoint }: GatewayRequest, state: AnswerState | null, nowMs: number): object {
  const head = { model: state?.model ?? model, created_at: new Date(nowMs).toISOString() }
  return endpoint.id === OLLAMA_GENERATE.id
    ? { ...head, response: '' }
    : { ...head, message: { role: 'assistant', content: '' } }
}

/** As its last member; unchanged where it is no object that could hold one. */
function withRecord(body: Buffer, record: object): Buffer {
  const list = members(body)
  return list === null ? body : append(body, list, 'turnout', JSON.stringify(record))
}
