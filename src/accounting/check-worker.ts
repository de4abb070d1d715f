/**
 * The thread that checks answers: compiling one schema takes milliseconds, and a pattern in it may take for ever. It says
 * null once it is ready, then the fit of each question.
 */
import { parentPort } from 'node:worker_threads'
import type { CheckResult } from '../core/settlement.ts'
import { answerFit } from './answer-fit.ts'
import type { CheckRequest } from './fit.ts'
import { Schemas } from './schemas.ts'

const schemas = new Schemas()

function fitOf(question: CheckRequest): CheckResult {
  try {
    return answerFit(question, schemas)
  } catch {
    // Schemas and answers may nest deeper than the stack.
    return 'unchecked'
  }
}

/** The first schema takes ten times as long as the next one: that is part of the start, not of the first check. */
function warmUp(): void {
  const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }
  const format = { json: Buffer.from(JSON.stringify({ schema })), holders: [], schema: 'schema' }
  fitOf({ text: '{"a":"b"}', format, calls: [], tools: [] })
}

warmUp()
parentPort!.postMessage(null)
parentPort!.on('message', (question: CheckRequest) => parentPort!.postMessage(fitOf(question)))
