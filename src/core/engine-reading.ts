/** What an engine last told of itself, in the same words for every kind. Null: it does not say; a zero is always one that it said. Times are readings of the fleet's clock, ms. */
export interface EngineReading {
  /** When what follows up to `models` was read; null: never. */
  readonly at: number | null
  /** When `running` was read; null: it does not say. */
  readonly workAt: number | null
  /** Requests that it works on, whoever sent them. */
  readonly running: number | null
  /** Requests that wait in it. */
  readonly waiting: number | null
  /** Of both, those that did not come from this gateway: at least so many. */
  readonly foreign: number | null
  /** Share of its KV cache that is in use, 0..1. */
  readonly kv: number | null
  /** Tokens that its KV cache can hold. */
  readonly kvTokens: number | null
  /** Requests that it works on at the same time at most; further ones wait. */
  readonly slots: number | null
  /** Requests that it takes at most, those that wait included; further ones are refused. */
  readonly most: number | null
  /** It has left its model, and loads it again when it is asked for something. */
  readonly sleeping: boolean | null
  /** Share of the prompt tokens that its cache had already, 0..1: since the reading before, or of all its life where nothing was asked since. */
  readonly hitShare: number | null
  /** Prompt tokens that it reads in a second. */
  readonly prefillRate: number | null
  /** Seconds that it takes for a token of one answer. */
  readonly tokenSeconds: number | null
  /** Tokens that one request may have, prompt and answer; where it has one model. */
  readonly context: number | null
  readonly version: string | null
  /** How often it was seen to have been started again since the gateway began to read it: what it had cached is gone. */
  readonly restarts: number
  /** When `models` was read; null: never. */
  readonly modelsAt: number | null
  /** By the name that the engine gives them; null: it does not say. Ask with `modelReading`. */
  readonly models: ReadonlyMap<string, ModelReading> | null
  /** What it says of models that it does not name. */
  readonly unnamed: ModelReading
}

export interface ModelReading {
  /** It is in memory. */
  readonly loaded: boolean | null
  /** It is being loaded: it will answer. */
  readonly loading: boolean | null
  /** Its engine has left it for want of work, and loads it again. */
  readonly sleeping: boolean | null
  /** When it leaves memory unless it is asked for before, by the engine's clock: epoch ms. */
  readonly until: number | null
  /** Tokens that one request may have, prompt and answer: what is in force, not what the model was trained for. */
  readonly context: number | null
  /** Requests that it works on at the same time at most. */
  readonly slots: number | null
  /** Of the model in memory, or of its file where that is what is told. */
  readonly bytes: number | null
}

export const UNTOLD: ModelReading = Object.freeze({
  loaded: null,
  loading: null,
  sleeping: null,
  until: null,
  context: null,
  slots: null,
  bytes: null,
})

/** Of an engine that has told nothing. */
export const UNREAD: EngineReading = Object.freeze({
  at: null,
  workAt: null,
  running: null,
  waiting: null,
  foreign: null,
  kv: null,
  kvTokens: null,
  slots: null,
  most: null,
  sleeping: null,
  hitShare: null,
  prefillRate: null,
  tokenSeconds: null,
  context: null,
  version: null,
  restarts: 0,
  modelsAt: null,
  models: null,
  unnamed: UNTOLD,
})

/** What the engine says of `model`, by its name there. */
export const modelReading = ({ models, unnamed }: EngineReading, model: string): ModelReading =>
  models === null ? UNTOLD : (models.get(model) ?? unnamed)

/** Requests that it has, those that wait included; null: it does not say, or one may wait for a model to be loaded, which no gauge counts. */
export const workOf = ({ running, waiting, models }: EngineReading): number | null => {
  if (running === null) return null
  for (const { loading } of models?.values() ?? []) if (loading === true) return null
  return running + (waiting ?? 0)
}
