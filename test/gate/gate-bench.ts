/** A gate over a clock of its own, with requests that come, are served and leave. */
import type { Test } from 'tap'
import type { Entrant, Refusal } from '../../src/backends/gate/entrant.ts'
import { Gate, type GateSpec, type GateTools } from '../../src/backends/gate/gate.ts'
import { Pass } from '../../src/backends/gate/pass.ts'
import { Waiting } from '../../src/backends/gate/waiting.ts'
import type { BackendKey, BackendLimits } from '../../src/core/settings.ts'
import { Clock } from '../support/clock.ts'

export const limits = (traits: Partial<BackendLimits> = {}): BackendLimits => ({
  rpm: null,
  tpm: null,
  parallel: null,
  queue: 64,
  queues: true,
  queueWaitMs: 30_000,
  ...traits,
})

export const key = (name: string, traits: Partial<BackendKey> = {}): BackendKey => ({
  name,
  secret: `sk-${name}`,
  rpm: null,
  tpm: null,
  parallel: null,
  ...traits,
})

export const entrant = (traits: Partial<Entrant> = {}): Entrant => ({
  caller: 'anybody',
  priority: 1,
  model: 'tiny',
  input: 100,
  output: 50,
  latest: Infinity,
  others: false,
  since: Infinity,
  ...traits,
})

/** What became of one request. */
export interface Asked {
  readonly entrant: Entrant
  readonly at: number
  /** How many answers it got. */
  answers: number
  pass: Pass | null
  refusal: Refusal | null
  servedAt: number | null
  cancel: () => void
  /** While it waits. */
  waiting: Waiting | null
}

export class GateBench {
  readonly clock: Clock
  readonly gate: Gate
  readonly view = { waiting: 0, seconds: 0, full: false }
  readonly rests: string[] = []
  /** In the order in which they were served. */
  readonly served: Asked[] = []

  /** `clock`: of the test already. */
  constructor(
    test: Test,
    spec: Partial<GateSpec>,
    tools: Partial<GateTools> = {},
    { open = 0, clock = new Clock().install(test) } = {},
  ) {
    this.clock = clock
    this.gate = new Gate({ keys: [], limits: limits(), ...spec }, this.view, open, {
      now: this.clock.now,
      timer(ms, then) {
        const timer = setTimeout(then, ms)
        return () => clearTimeout(timer)
      },
      slots: () => null,
      isWell: () => true,
      loadSeconds: () => 0,
      rested: (name, code, ms, model) =>
        this.rests.push([name, code, ms, ...(model === null ? [] : [model])].join(' ')),
      ...tools,
    })
  }

  ask(traits: Partial<Entrant> = {}): Asked {
    const asked: Asked = {
      entrant: entrant(traits),
      at: this.clock.time,
      ...{ answers: 0, pass: null, refusal: null, servedAt: null },
      cancel: () => undefined,
      waiting: null,
    }
    const take = (answer: Pass | Refusal | null): void => {
      asked.answers++
      if (answer instanceof Pass) {
        asked.pass = answer
        asked.servedAt = answer.at
        this.served.push(asked)
      } else asked.refusal = answer
    }
    const entered = this.gate.enter(asked.entrant)
    if (entered instanceof Waiting) {
      asked.waiting = entered
      asked.cancel = () => entered.cancel()
      void entered.answer.then(take)
    } else take(entered)
    return asked
  }

  /** What was settled is known to those who wait for it. */
  async told(): Promise<void> {
    for (let turn = 0; turn < 4; turn++) await Promise.resolve()
  }

  async pass(ms: number): Promise<void> {
    this.clock.pass(ms)
    await this.told()
  }
}
