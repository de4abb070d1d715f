/** The fields of `telemetry` in a provider file: what an engine tells of itself, and where. */
import { z } from 'zod'
import { FIGURES, FOLDS, MODEL_STATES, RHYTHMS } from '../core/telemetry-source.ts'

const text = z.string().min(1)
const pattern = z.string().refine((source) => {
  try {
    return new RegExp(source).source !== '(?:)'
  } catch {
    return false
  }
}, 'is not a regular expression')

/** One or several of them; one is a list of one. */
const oneOrMore = z.preprocess(
  (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]),
  z.array(text).min(1),
)

const way = z.preprocess(
  (value) => (typeof value === 'string' ? { from: value } : value),
  z.strictObject({
    from: oneOrMore,
    fold: z.enum(FOLDS).default('sum'),
    where: z.record(text, pattern).default({}),
    copies: z.array(text).default([]),
    labels: z.array(text).default([]),
    less: oneOrMore.default([]),
    per: oneOrMore.default([]),
    zero: z.boolean().default(true),
  }),
)

const ways = z.preprocess(
  (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]),
  z.array(way).min(1),
)

const models = z.strictObject({
  list: z.string(),
  id: text,
  state: text.nullable().default(null),
  words: z.record(text, z.enum(MODEL_STATES)).default({}),
  listed: z.enum(MODEL_STATES).nullable().default(null),
  unlisted: z.enum(MODEL_STATES).nullable().default(null),
  context: z.array(text).default([]),
  slots: z.array(text).default([]),
  bytes: z.array(text).default([]),
  until: z.array(text).default([]),
})

export const telemetrySchema = z
  .strictObject({
    path: z.string().startsWith('/').describe('path below the root; with `per_model`, `{model}` stands for the model'),
    form: z.enum(['prometheus', 'json']).describe('format of the answer'),
    every: z
      .enum(RHYTHMS)
      .default('poll')
      .describe(
        '`poll`: with each health check, and every one to two seconds while there is work; `look`: with each health check only; `catalogue`: once or twice a minute',
      ),
    unless: z
      .enum([...FIGURES, 'models'])
      .nullable()
      .default(null)
      .describe('polled only if no earlier path has reported this figure'),
    wakes: z
      .boolean()
      .default(false)
      .describe('polling it keeps the engine from going to sleep, so it is polled only while there is work'),
    per_model: z
      .boolean()
      .default(false)
      .describe('polled once for each loaded model; `running` and `waiting` are added up, and the highest `kv` counts'),
    list: z
      .string()
      .nullable()
      .default(null)
      .describe(
        'dotted path to the list whose entries hold the figures; empty: the answer is the list; absent: the answer itself holds them',
      ),
    figures: z
      .partialRecord(z.enum(FIGURES), ways)
      .default({})
      .describe(`where each figure is found: ${FIGURES.map((figure) => `\`${figure}\``).join(', ')}`),
    version: text.nullable().default(null).describe('dotted path to the engine version'),
    models: models.nullable().default(null).describe('the models and their states'),
  })
  .refine(
    ({ form, list, version, models }) => form === 'json' || (list === null && version === null && models === null),
    {
      message: '`list`, `version` and `models` are of `form: json`',
    },
  )
  .refine(({ path, per_model }) => path.includes('{model}') === per_model, {
    message: '`{model}` stands in the path of a place that is asked `per_model`, and of no other',
  })
  .transform(({ per_model, ...rest }) => ({ ...rest, perModel: per_model }))
