/** What a kind of engine tells of itself, and where: data of its file in config/providers/. */

/** What can be read of an engine; the names of the fields in provider files. */
export const FIGURES = [
  'running',
  'waiting',
  'kv',
  'kv_tokens',
  'slots',
  'most',
  'sleeping',
  'hit_share',
  'prefill_rate',
  'token_seconds',
  'context',
  'started',
] as const

export type Figure = (typeof FIGURES)[number]

/** How the values of several series, or of several entries of a list, become one. `count`: how many there are. */
export const FOLDS = ['sum', 'max', 'mean', 'count'] as const

/** One way in which a figure is told. */
export interface FigureSource {
  /** Names of metrics (with or without `_total`), or dotted paths in an entry; several are added up. */
  readonly from: readonly string[]
  readonly fold: (typeof FOLDS)[number]
  /** Patterns over labels: other series do not count. */
  readonly where: Readonly<Record<string, string>>
  /** Labels by which copies differ: of series that differ in nothing else, the highest counts. */
  readonly copies: readonly string[]
  /** The value is that of these labels, multiplied, not that of the series. */
  readonly labels: readonly string[]
  /** What is taken off. */
  readonly less: readonly string[]
  /** It is a part of this: the figure is the quotient, of what was added to both since the last time. */
  readonly per: readonly string[]
  /** False: a zero says nothing until there was another value. */
  readonly zero: boolean
}

/** What a word of an engine for the state of a model means. */
export const MODEL_STATES = ['loaded', 'loading', 'sleeping', 'unloaded'] as const

export type ModelState = (typeof MODEL_STATES)[number]

/** Where an engine lists its models with what becomes of them. */
export interface ModelList {
  /** Dotted path to the entries; '' = the answer itself, which may be one entry. */
  readonly list: string
  /** Dotted path to the name. */
  readonly id: string
  /** Dotted path to a word; a list or a flag counts as `yes` or `no`. */
  readonly state: string | null
  readonly words: Readonly<Record<string, ModelState>>
  /** What it means to be listed, where no word is told. */
  readonly listed: ModelState | null
  /** What it means not to be. */
  readonly unlisted: ModelState | null
  /** Dotted paths, tried in order. */
  readonly context: readonly string[]
  readonly slots: readonly string[]
  readonly bytes: readonly string[]
  /** Of the date at which it leaves memory. */
  readonly until: readonly string[]
}

/** `poll`: with each look, and every one or two seconds while there is work. `look`: with each look. `catalogue`: once or twice a minute. */
export const RHYTHMS = ['poll', 'look', 'catalogue'] as const

export interface TelemetrySource {
  /** Below the root. `{model}` stands for the name of a model, where it is asked for each. */
  readonly path: string
  readonly form: 'prometheus' | 'json'
  readonly every: (typeof RHYTHMS)[number]
  /** Asked only where those before it did not tell this. */
  readonly unless: Figure | 'models' | null
  /** To be asked counts as work: an engine that sleeps when nobody asks anything would never sleep. Asked only while there is work. */
  readonly wakes: boolean
  /** Asked for each model that is loaded; numbers are added up. */
  readonly perModel: boolean
  /** Dotted path to the entries of figures; null = the answer is one. */
  readonly list: string | null
  readonly figures: Readonly<Partial<Record<Figure, readonly FigureSource[]>>>
  /** Dotted path to the version. */
  readonly version: string | null
  readonly models: ModelList | null
}
