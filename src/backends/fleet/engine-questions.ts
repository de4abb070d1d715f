/** The questions of a poll over the network: with a key only where one is asked for, and none for a while where nobody answers them. */
import type { BackendSpec } from '../../core/settings.ts'
import type { TelemetrySource } from '../../core/telemetry-source.ts'
import type { HttpAnswer, HttpClient } from '../upstream/http-client.ts'
import { ask, credentials } from './ask.ts'

/** Texts of answers; none: it is not asked now, or does not tell. */
export type Asked = readonly string[] | 'no answer'

interface Tools {
  readonly client: HttpClient
  readonly signal: AbortSignal
}

/** What is turned off in this engine is answered with it. */
const NOT_BUILT = 501
/** Engines are started again with other options now and then. */
const REST_MS = 600_000
/** Metrics of an engine with many models. */
const MOST_BYTES = 4 * 1024 * 1024
/** An engine with more models at work is asked about the first ones. */
const MOST_MODELS = 16

export class EngineQuestions {
  readonly #now: () => number
  /** Until when a place is left alone, by its path. */
  readonly #resting = new Map<string, number>()
  /** Paths that want the key. */
  readonly #locked = new Set<string>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Never rejects. `models`: those that are asked about, where the source is asked for each. */
  async ask(source: TelemetrySource, models: readonly string[], spec: BackendSpec, tools: Tools): Promise<Asked> {
    if ((this.#resting.get(source.path) ?? 0) > this.#now()) return []
    const paths = source.perModel
      ? models.slice(0, MOST_MODELS).map((model) => source.path.replaceAll('{model}', encodeURIComponent(model)))
      : [source.path]
    const texts: string[] = []
    for (const path of paths) {
      const answer = await this.#get(source, path, spec, tools)
      if (answer === null || (answer.status >= 500 && answer.status !== NOT_BUILT)) return 'no answer'
      if (answer.status === 200) texts.push(answer.text)
      // A model that has just been left is no reason to ask about none.
      else if (!source.perModel || answer.status !== 400) this.rest(source)
    }
    return texts
  }

  /** It does not tell what it is asked for. */
  rest(source: TelemetrySource): void {
    this.#resting.set(source.path, this.#now() + REST_MS)
  }

  /** It may be another one from here on. */
  forget(): void {
    this.#resting.clear()
    this.#locked.clear()
  }

  /** Null: no answer. */
  async #get(source: TelemetrySource, path: string, spec: BackendSpec, tools: Tools): Promise<HttpAnswer | null> {
    const call = { url: spec.root + path, method: 'GET', body: null, mostBytes: MOST_BYTES, ...tools } as const
    try {
      if (!this.#locked.has(source.path)) {
        const answer = await ask(tools.client, { ...call, headers: OPEN })
        if (answer.status !== 401 || spec.key === null) return answer
        this.#locked.add(source.path)
      }
      return await ask(tools.client, { ...call, headers: credentials(spec) })
    } catch {
      return null
    }
  }
}

const OPEN = { accept: 'text/plain, application/json;q=0.9' }
