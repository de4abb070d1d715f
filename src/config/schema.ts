/** The shape of the YAML file: design 2.5. Strict, so that a typo is an error and not an option without effect. */
import { z } from 'zod'
import { CAPABILITIES, STRATEGIES } from '../core/settings.ts'
import { duration, size } from './units.ts'

const name = z.string().regex(/^[\w.-]{1,64}$/, 'is not a name; use letters, digits, ".", "_" and "-", at most 64')
const text = z.string().min(1, 'is empty')
const usd = z.number().min(0, 'is negative')
const share = z.number().min(0).max(1, 'is not between 0 and 1')

const price = z.strictObject({
  input_per_mtok_usd: usd.optional().describe('USD for a million input tokens'),
  cached_input_per_mtok_usd: usd.optional().describe('USD for a million input tokens that the backend had cached'),
  output_per_mtok_usd: usd.optional().describe('USD for a million output tokens'),
  per_gpu_hour_usd: usd.optional().describe('USD for an hour of this engine; used by the scoring'),
})

const limits = {
  connect: duration.optional(),
  headers: duration.optional(),
  ttft: duration.optional(),
  idle: duration.optional(),
  total: duration.optional(),
  attempts: z.int().min(1, 'is less than one attempt').max(10, 'is more than ten attempts').optional(),
}

const backend = z.strictObject({
  name: name.describe('first part of backend/model'),
  kind: text.describe('a file of config/providers/'),
  url: text.optional().describe('scheme and host, with or without /v1'),
  key: text.optional().describe('secret; write "${NAME}"'),
  models: z.array(text).optional().describe('count beside the discovered ones'),
  price: price.optional(),
  include_usage: z
    .boolean()
    .optional()
    .describe('ask for usage in streams; false for engines that refuse stream_options'),
})

const modelFacts = z.strictObject({
  aliases: z.array(text).optional(),
  capabilities: z.partialRecord(z.enum(CAPABILITIES), z.boolean()).optional(),
  context: z.int().min(1).optional().describe('tokens that the engine accepts, prompt and output together'),
  price: price.optional(),
  quality: z.record(z.string(), share).optional().describe('0..1 by task class; used by the scoring'),
})

const texts = z.array(text).min(1, 'is an empty list')

const match = z.strictObject({
  model: texts.optional().describe('globs over the requested name'),
  key: texts.optional().describe('ids of keys'),
  header: z.record(z.string(), text).optional(),
  class: texts.optional(),
  needs: z.array(z.enum(CAPABILITIES)).optional(),
  tokens: z.strictObject({ min: z.int().optional(), max: z.int().optional() }).optional(),
  hour: z.strictObject({ from: z.int().min(0).max(23), to: z.int().min(0).max(24) }).optional(),
})

const weights = z.strictObject({
  quality: usd.optional(),
  cost: usd.optional(),
  latency: usd.optional(),
  efficiency: usd.optional(),
})

const route = z.strictObject({
  name,
  match: match.optional().describe('the first route that matches is taken; without it a route is reached by its name'),
  candidates: texts.describe('globs over backend/model, or over the model id'),
  strategy: z.union([z.enum(STRATEGIES), weights]).optional(),
  weights: weights.optional(),
  limits: z
    .strictObject({
      ...limits,
      max_cost_usd: usd.optional(),
      max_ttft: duration.optional(),
      local_only: z.boolean().optional(),
    })
    .optional(),
  success: z
    .strictObject({ finish: texts.optional(), json: z.boolean().optional(), schema: z.boolean().optional() })
    .optional(),
  baseline: text.optional(),
  explore: z.boolean().optional(),
})

const key = z.strictObject({
  id: name,
  hash: text.describe('"sha256:" and 64 hex digits; turnout key new makes one'),
  rpm: z.int().min(1).optional().describe('requests per minute'),
  tpm: z.int().min(1).optional().describe('tokens per minute'),
  budget: z.strictObject({ usd, per: z.enum(['minute', 'hour', 'day', 'month']) }).optional(),
  routes: texts.optional().describe('what the key may use; all where absent'),
})

export const fileSchema = z.strictObject({
  server: z
    .strictObject({
      host: text.optional(),
      port: z.int().min(0).max(65535).optional(),
      auth: z.enum(['keys', 'none']).optional().describe('"none" opens a gateway without keys to the network'),
      drain: duration.optional().describe('how long live answers may take to finish at a stop'),
      log_level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).optional(),
      trust_proxy: z.boolean().optional().describe('read the address of the caller from x-forwarded-for'),
    })
    .optional(),
  backends: z.array(backend).min(1, 'is empty; a gateway needs a backend'),
  models: z.record(z.string(), modelFacts).optional().describe('by model id or backend/model'),
  routes: z.array(route).optional(),
  keys: z.array(key).optional(),
  limits: z
    .strictObject({ ...limits, body: size.optional(), keep_alive: duration.optional(), buffer: size.optional() })
    .optional(),
  discovery: z
    .strictObject({ interval: duration.optional(), retry: duration.optional(), timeout: duration.optional() })
    .optional(),
  store: z.strictObject({ ledger: text.optional(), redis: z.string().optional() }).optional(),
})

/** A file that has the right shape. */
export type ConfigFile = z.output<typeof fileSchema>
