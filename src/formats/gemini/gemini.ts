/** Google's wire format: `generateContent` and its embeddings, as the Gemini API has them. */
import { typesChecked } from '../contents-prompt.ts'
import { MEMBER_TYPES } from './member-types.ts'
import type { Format, StreamMarks } from '../format.ts'
import { encodeEvent, EVENTS } from '../sse.ts'
import { streamHeaders } from '../stream-headers.ts'
import { GeminiAnswerReader } from './answer-reader.ts'
import { ARRAY_END, ARRAY_KEEP_ALIVE, ArrayStream } from './array-stream.ts'
import { composeInSteps } from './compose.ts'
import { errorBody } from './error-body.ts'
import { recordEvent, withRecord } from './explanation.ts'
import { readFault } from './fault.ts'
import { modelEntry, modelList } from './model-entry.ts'
import { GEMINI_NAME } from './name.ts'
import { wantsArray } from './prompt.ts'
import { readLargeRequest, readRequest } from './request.ts'
import { TOKEN_COUNTER } from './token-counter.ts'
import { GeminiWriter } from './writer.ts'

const NOTHING = Buffer.alloc(0)

/**
 * Its SDKs know no comments: those of some years wait for ever behind one, as behind a blank line. A thought of no words is shown by
 * none of them, and does not make them throw away what a chat has said, as an event without content does.
 */
const SILENT_THOUGHT = encodeEvent(
  JSON.stringify({ candidates: [{ content: { parts: [{ text: '', thought: true }], role: 'model' }, index: 0 }] }),
)

/** The stream ends where the connection does. */
const EVENT_MARKS: StreamMarks = {
  headers: streamHeaders('text/event-stream'),
  comment: SILENT_THOUGHT,
  end: NOTHING,
  failed: (body) => encodeEvent(JSON.stringify(body)),
}

const ARRAY_MARKS: StreamMarks = {
  headers: streamHeaders('application/json; charset=utf-8'),
  comment: ARRAY_KEEP_ALIVE,
  end: ARRAY_END,
  failed: (body) => new ArrayStream().failed(body),
}

export const GEMINI: Format = {
  name: GEMINI_NAME,
  caller: {
    read: readRequest,
    readInSteps: readLargeRequest,
    checkTypes: typesChecked(MEMBER_TYPES),
    errorBody,
    stream: EVENT_MARKS,
    streamOf: (request) => (wantsArray(request) ? ARRAY_MARKS : EVENT_MARKS),
    withRecord,
    recordEvent,
    modelEntry,
    counted: (totalTokens) => ({ totalTokens }),
    modelList,
    modelAlias: null,
    answerHeaders: null,
    writer: (request) => new GeminiWriter(request),
  },
  backend: {
    framing: EVENTS,
    compose: composeInSteps,
    adaptation: () => null,
    asksUsage: () => false,
    refusesUsage: () => false,
    reader: (request, how) => new GeminiAnswerReader(request, how),
    readFault,
    counter: TOKEN_COUNTER,
  },
}
