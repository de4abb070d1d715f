/** What an engine answers -> its reading, by the file of its kind. */
import { Reader } from '../../src/backends/readings/reader.ts'
import { loadProviders } from '../../src/config/providers.ts'
import type { EngineReading } from '../../src/core/engine-reading.ts'
import type { TelemetrySource } from '../../src/core/telemetry-source.ts'

const providers = await loadProviders()

/** By path; an object is written as JSON. One that is absent is not answered. */
export type Answers = Readonly<Record<string, string | object>>

export class Engine {
  readonly #sources: readonly TelemetrySource[]
  readonly #reader = new Reader()
  #now = 0

  constructor(kind: string) {
    this.#sources = providers.get(kind)!.telemetry ?? []
  }

  /** One round of all questions, each a second after the last. Null: it has told nothing. */
  asked(answers: Answers, open = 0): EngineReading | null {
    this.#now += 1_000
    this.#reader.begin()
    for (const source of this.#sources) {
      if (source.unless !== null && this.#reader.told(source.unless)) continue
      const models = source.perModel ? this.#reader.loaded : ['']
      const texts = models.flatMap((model) => {
        const answer = answers[source.path.replaceAll('{model}', model)]
        return answer === undefined ? [] : [typeof answer === 'string' ? answer : JSON.stringify(answer)]
      })
      if (texts.length > 0) this.#reader.take(source, texts, this.#now)
    }
    return this.#reader.reading(this.#now, 500, open)
  }
}

/** What one engine tells that is asked once. */
export const told = (kind: string, answers: Answers, open = 0): EngineReading | null =>
  new Engine(kind).asked(answers, open)
