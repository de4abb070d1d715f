import type { Test } from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import { CHAT } from '../../src/core/endpoints.ts'
import type { ClientName, Limits } from '../../src/core/settings.ts'
import type { Call, Sink } from '../../src/backends/upstream/call.ts'
import { Exchange } from '../../src/backends/upstream/exchange.ts'
import { Pools } from '../../src/backends/upstream/pools.ts'
import { OPENAI } from '../../src/formats/openai/openai.ts'
import { within } from './await.ts'
import { Clock } from './clock.ts'
import { backend, gatewayRequest, LIMITS } from './factories.ts'
import type { FaultOptions } from './fault-plan.ts'
import { deferred } from './fault-record.ts'
import { type FaultUpstream, startFaultUpstream } from './fault-upstream.ts'

/** Limits as long as real ones: under a clock of the test they cost nothing. */
export const LONG: Limits = {
  ...LIMITS,
  connectMs: 5_000,
  headersMs: 60_000,
  ttftMs: 120_000,
  idleMs: 64_000,
  totalMs: 600_000,
}

/** Longer than undici's own limit of connecting, so that it is the exchange's that is tested. */
const CONNECT_MS = 3_600_000

/** Stands where the caller's connection stands, and records everything. */
export class Recorder implements Sink {
  text = ''
  /** What `write` answers: false where the caller takes nothing for now. */
  room = true
  /** How often it was told of an end. */
  ends = 0
  readonly #over = deferred<GatewayError | null>()
  readonly #watchers = new Set<() => void>()

  write(bytes: Buffer): boolean {
    if (this.ends > 0) this.text += '<after the end>'
    this.text += bytes.toString('latin1')
    for (const watcher of this.#watchers) watcher()
    return this.room
  }

  end(): void {
    this.ends++
    this.#over.resolve(null)
  }

  fail(error: GatewayError): void {
    this.ends++
    this.#over.resolve(error)
  }

  /** The code that it ended with; `end` where it ended well. */
  get outcome(): Promise<string> {
    const code = this.#over.promise.then((error) => error?.code ?? 'end')
    return within(5_000, `the end after ${this.text.length} bytes`, code)
  }

  /** Resolves once `part` has come. */
  async until(part: string): Promise<void> {
    const come = new Promise<void>((resolve) => {
      const look = (): void => (this.text.includes(part) ? resolve() : undefined)
      this.#watchers.add(look)
      look()
    })
    await within(5_000, `"${part}" in "${this.text.slice(0, 200)}"`, come)
  }
}

export interface Started {
  readonly exchange: Exchange
  readonly sink: Recorder
  /** The code that it was refused with before it was committed; `committed` otherwise. */
  readonly commit: Promise<string>
  /** The same now; null where neither has happened. */
  committed(): string | null
}

export interface ExchangeRig {
  readonly clock: Clock
  readonly upstream: FaultUpstream
  readonly pools: Pools
  /** Sends a request, a streamed one unless `traits` says otherwise, and attaches the recorder once it is committed. */
  start(traits?: Partial<Call>): Started
}

/** Exchanges with one fault upstream over real connections, under a clock that only the test moves. */
export async function exchangeRig(test: Test, client: ClientName, options: FaultOptions = {}): Promise<ExchangeRig> {
  const upstream = await startFaultUpstream(options)
  const clock = new Clock()
  const pools = new Pools(CONNECT_MS, clock.now, client)
  test.teardown(async () => {
    await pools.destroy()
    await upstream.close()
  })
  clock.install(test)
  return { clock, upstream, pools, start: (traits = {}) => start(callOf(pools, clock, upstream.url, traits)) }
}

/** A call of `root`. */
export function callOf(pools: Pools, clock: Clock, root: string, traits: Partial<Call> = {}): Call {
  const stream = traits.stream ?? true
  const body = Buffer.from(JSON.stringify({ model: 'tiny', messages: [], ...(stream ? { stream } : {}) }))
  return {
    backend: backend({ root }),
    pool: pools.of(root),
    fresh: false,
    path: CHAT.path,
    headers: { 'content-type': 'application/json' },
    body: [body],
    stream,
    format: OPENAI.backend,
    answer: OPENAI.backend.reader(gatewayRequest(body.toString()), {
      inputTokens: 7,
      checks: null,
      nowMs: 0,
      clock: () => 0,
    }),
    limits: LONG,
    totalMs: LONG.totalMs,
    ownDeadline: false,
    now: clock.now,
    ...traits,
  }
}

/** Sends `call`. */
export function start(call: Call): Started {
  const exchange = new Exchange(call)
  const sink = new Recorder()
  let outcome: string | null = null
  const commit = exchange.commit().then(
    () => {
      exchange.attach(sink)
      return (outcome = 'committed')
    },
    (error: unknown) => (outcome = error instanceof GatewayError ? error.code : String(error)),
  )
  return {
    exchange,
    sink,
    commit: within(5_000, 'a committed answer or a refusal', commit),
    committed: () => outcome,
  }
}
