/** From the answers of one engine to its reading: keeps what was told last, and what quotients are worked out from. */
import { type EngineReading, type ModelReading, UNTOLD } from '../../core/engine-reading.ts'
import type { Figure, TelemetrySource } from '../../core/telemetry-source.ts'
import { valueAt } from '../../core/value-at.ts'
import { type Figures, figuresOfJson, figuresOfText, type Part } from './figures.ts'
import { asleep, modelsOf, unnamedBy } from './model-list.ts'

/** These are of a moment: they are forgotten where they were not told again for a while. */
const OF_A_MOMENT: ReadonlySet<Figure> = new Set<Figure>(['running', 'waiting', 'kv'])
/** Of several models of one engine: what can be put together, and how. */
const TOGETHER: Readonly<Partial<Record<Figure, (a: number, b: number) => number>>> = {
  running: (a, b) => a + b,
  waiting: (a, b) => a + b,
  kv: Math.max,
}
const SIZES: ReadonlySet<Figure> = new Set<Figure>(['kv_tokens', 'slots', 'most', 'context'])
const SHARES: ReadonlySet<Figure> = new Set<Figure>(['kv', 'hit_share'])
/** Shares are sums of rounded ones. */
const OVER_ONE = 1.01
const LONGEST_VERSION = 64
/** A clock of the engine that was put right is no start. */
const SAME_START_S = 2

interface Known {
  readonly value: number
  readonly at: number
}

export class Reader {
  readonly #known = new Map<Figure, Known>()
  /** Of quotients, what they were worked out from last. */
  readonly #parts = new Map<Figure, Part>()
  /** What has said something else than zero. */
  readonly #spoken = new WeakSet<object>()
  readonly #round = new Set<Figure | 'models'>()
  #models: ReadonlyMap<string, ModelReading> | null = null
  #unnamed: ModelReading = UNTOLD
  #modelsAt: number | null = null
  #at: number | null = null
  #version: string | null = null
  #started: number | null = null
  #restarts = 0

  /** Another round of questions: what was told counts for `unless` from here on. */
  begin(): void {
    this.#round.clear()
  }

  told(what: Figure | 'models'): boolean {
    return this.#round.has(what)
  }

  /** Names of the models that are in memory. */
  get loaded(): readonly string[] {
    return [...(this.#models ?? [])].filter(([, { loaded }]) => loaded === true).map(([id]) => id)
  }

  /** What one source answered: one text, or one for each model. False where none of it is what this engine says. */
  take(source: TelemetrySource, texts: readonly string[], now: number): boolean {
    let matched = false
    const all: Figures[] = []
    for (const text of texts) {
      const figures = source.form === 'json' ? this.#json(source, text, now) : figuresOfText(text, source)
      if (figures === null) continue
      matched = true
      all.push(figures)
    }
    const told = source.perModel ? together(all) : (all[0] ?? new Map<Figure, Part>())
    if (this.#isNewStart(told)) this.#restarted()
    for (const [figure, part] of told) this.#learn(figure, part, now)
    return source.form === 'json' ? matched : told.size > 0
  }

  /** The engine is gone. What shows a new start stays. */
  forget(): void {
    this.#known.clear()
    this.#models = null
    this.#unnamed = UNTOLD
    this.#modelsAt = null
    this.#at = null
    this.#version = null
  }

  /** `open`: most calls of this gateway that may have been among those that the engine counted. Null: it has told nothing. */
  reading(now: number, staleMs: number, open: number): EngineReading | null {
    if (this.#at === null && this.#modelsAt === null && this.#version === null) return null
    const of = (figure: Figure): number | null => {
      const known = this.#known.get(figure)
      if (known === undefined || (OF_A_MOMENT.has(figure) && now - known.at > staleMs)) return null
      return known.value
    }
    const running = of('running')
    const waiting = of('waiting')
    const sleeping = of('sleeping')
    return {
      at: this.#at,
      workAt: running === null ? null : this.#known.get('running')!.at,
      running,
      waiting,
      foreign: running === null ? null : Math.max(0, running + (waiting ?? 0) - open),
      kv: of('kv'),
      kvTokens: of('kv_tokens'),
      slots: of('slots'),
      most: of('most'),
      sleeping: sleeping === null ? null : sleeping > 0,
      hitShare: of('hit_share'),
      prefillRate: of('prefill_rate'),
      tokenSeconds: of('token_seconds'),
      context: of('context'),
      version: this.#version,
      restarts: this.#restarts,
      modelsAt: this.#modelsAt,
      models: sleeping !== null && sleeping > 0 ? allAsleep(this.#models) : this.#models,
      unnamed: this.#unnamed,
    }
  }

  #json(source: TelemetrySource, text: string, now: number): Figures | null {
    const answer = parsed(text)
    if (typeof answer !== 'object' || answer === null) return null
    const figures = figuresOfJson(answer, source)
    const version = source.version === null ? null : valueAt(answer, source.version)
    const models = source.models === null ? null : modelsOf(answer, source.models)
    if (typeof version === 'string' && version.length <= LONGEST_VERSION) this.#version = version
    if (models !== null) {
      this.#models = models
      this.#unnamed = unnamedBy(source.models!)
      this.#modelsAt = now
      this.#round.add('models')
    }
    return figures.size > 0 || models !== null || typeof version === 'string' ? figures : null
  }

  #learn(figure: Figure, part: Part, now: number): void {
    const value = part.whole === null ? part.value : this.#quotient(figure, part, part.whole)
    if (value === null || !isPossible(figure, value)) return
    if (!part.source.zero) {
      if (value !== 0) this.#spoken.add(part.source)
      else if (!this.#spoken.has(part.source)) return
    }
    this.#at = now
    this.#round.add(figure)
    this.#known.set(figure, { value: SHARES.has(figure) ? Math.min(1, value) : value, at: now })
  }

  /** Of what was added since the last time; of all where that is nothing. Null: nothing was counted yet. */
  #quotient(figure: Figure, part: Part, whole: number): number | null {
    const before = this.#parts.get(figure)
    this.#parts.set(figure, part)
    if (before?.source === part.source && whole > before.whole!)
      return (part.value - before.value) / (whole - before.whole!)
    if (before?.source === part.source) return this.#known.get(figure)?.value ?? null
    return whole > 0 ? part.value / whole : null
  }

  /** Counters never fall but at a start. */
  #isNewStart(told: Figures): boolean {
    const started = told.get('started')?.value ?? null
    const before = this.#started
    if (started !== null) {
      this.#started = started
      if (before !== null) return Math.abs(started - before) > SAME_START_S
    }
    for (const [figure, { whole, source }] of told) {
      const known = this.#parts.get(figure)
      if (whole !== null && known?.source === source && whole < known.whole!) return true
    }
    return false
  }

  #restarted(): void {
    this.#restarts++
    this.#parts.clear()
    this.#known.clear()
  }
}

function isPossible(figure: Figure, value: number): boolean {
  if (!Number.isFinite(value) || value < 0) return false
  if (SIZES.has(figure)) return value >= 1
  return !SHARES.has(figure) || value <= OVER_ONE
}

function together(all: readonly Figures[]): Figures {
  const sums = new Map<Figure, Part>()
  for (const figures of all)
    for (const [figure, part] of figures) {
      const add = TOGETHER[figure]
      if (add === undefined || part.whole !== null) continue
      const known = sums.get(figure)
      sums.set(figure, known === undefined ? part : { ...part, value: add(known.value, part.value) })
    }
  return sums
}

const allAsleep = (models: EngineReading['models']): EngineReading['models'] =>
  models === null ? null : new Map([...models].map(([id, model]) => [id, asleep(model)]))

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
