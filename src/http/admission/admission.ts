/**
 * What every request is asked before it is answered, in this order: inference on its own way in (lane.ts), the rest in hooks of
 * Fastify (plugins/admit.ts). Each step gives the reason of its refusal, or null.
 */
import type { GatewayError } from '../../core/errors.ts'
import type { KeyStore } from '../../keys/key-store.ts'
import type { Arrival } from '../arrival.ts'
import type { Connections } from '../connections.ts'
import { unknownCaller } from './auth.ts'
import { type BodyLimits, readBody, unwelcomeBody } from './body.ts'
import { type Door, foreign } from './door.ts'
import { unanswerable } from './late.ts'
import type { MinuteCounts } from './minute-counts.ts'
import { overLimit } from './request-limit.ts'

export interface AdmissionTools {
  readonly door: Door
  readonly connections: Connections
  readonly keys: Pick<KeyStore, 'required' | 'find'>
  readonly minutes: MinuteCounts
  readonly bodies: BodyLimits
}

type Refusal = GatewayError | null

export class Admission {
  readonly #tools: AdmissionTools

  constructor(tools: AdmissionTools) {
    this.#tools = tools
  }

  /** Of everybody, for whatever path. */
  enter(arrival: Arrival): Refusal {
    const { door, connections } = this.#tools
    connections.arriving(arrival.request)
    return foreign(arrival, door)
  }

  /** Of those who may come in: whether they can be answered. */
  expect(arrival: Arrival): Refusal {
    return unanswerable(arrival, this.#tools.connections.stopping)
  }

  /** Of whoever wants what needs a key. `counted` false: it takes nothing of the requests per minute. */
  admit(arrival: Arrival, counted: boolean): Refusal | Promise<Refusal> {
    const { keys, minutes } = this.#tools
    return unknownCaller(arrival, keys) ?? overLimit(arrival, counted, minutes)
  }

  /** Of its body, before a byte of it is read. */
  welcome(arrival: Arrival): Refusal {
    return unwelcomeBody(arrival, this.#tools.bodies)
  }

  /** `done` is called once, with the whole body or with what is wrong with it. */
  read(arrival: Arrival, done: (body: Buffer | GatewayError) => void): void {
    const { bodies, connections } = this.#tools
    readBody(arrival, bodies.mostBytes, () => connections.stopping, done)
  }
}
