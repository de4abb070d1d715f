/** The thread that checks answers: compiling one schema takes milliseconds, and a pattern in it may take for ever. */
import { parentPort } from 'node:worker_threads'
import type { Fit } from '../core/settlement.ts'
import { answerFit } from './answer-fit.ts'
import type { Question } from './fit.ts'
import { Schemas } from './schemas.ts'

const schemas = new Schemas()

function fitOf(question: Question): Fit {
  try {
    return answerFit(question, schemas)
  } catch {
    // Schemas and answers may nest deeper than the stack.
    return 'unchecked'
  }
}

parentPort!.on('message', (question: Question) => parentPort!.postMessage(fitOf(question)))
