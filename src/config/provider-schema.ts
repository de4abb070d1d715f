/** The fields of a provider file in config/providers/: their form, their defaults and what they mean. */
import { z } from 'zod'
import { FORMAT_NAMES } from '../core/format-names.ts'
import { ASKS } from '../core/endpoints.ts'
import { CAPABILITIES, EFFORTS } from '../core/capabilities.ts'
import { type EndpointPlace, type ListPages, ON_ABORT, WISHES } from '../core/provider.ts'
import { telemetrySchema } from './telemetry-schema.ts'

const text = z.string().min(1)
const path = z.string().startsWith('/')
const headerName = z.string().regex(/^[a-z0-9-]+$/, 'is not the name of a header in lower case')
const formatName = z.enum(FORMAT_NAMES, `is no wire format of the gateway; it speaks ${FORMAT_NAMES.join(', ')}`)

const capabilities = z.array(
  z.enum(CAPABILITIES, {
    error: ({ input }) =>
      `"${String(input)}" is no capability (${CAPABILITIES.join(', ')}); a field that the provider refuses goes to request.drop, stream_options to request.include_usage: false`,
  }),
)

/** Only scheme and host: `api` stands in the paths already. A key must not go over a connection that can be read. */
const address = text.superRefine((value, context) => {
  const refuse = (message: string): void => context.addIssue({ code: 'custom', message })
  if (!URL.canParse(value)) return refuse(`"${value}" is not a URL; write "https://host"`)
  const { protocol, host } = new URL(value)
  if (value === `https://${host}`) return
  const rest =
    protocol === 'https:'
      ? 'the version belongs to `api` and to the paths of `endpoints` and `discovery`'
      : 'a key is sent over https only'
  refuse(`must be scheme and host: write "https://${host}"; ${rest}`)
})
const pattern = z.string().refine(isPattern, 'is not a regular expression')

function isPattern(source: string): boolean {
  try {
    return new RegExp(source).source !== '(?:)'
  } catch {
    return false
  }
}

/** How OpenAI pages its lists. Engines that answer all at once have no such flag. */
const AS_OPENAI_PAGES: ListPages = { param: 'after', from: 'last_id', more: 'has_more' }

const source = z
  .strictObject({
    method: z.enum(['GET', 'POST']).default('GET').describe('how the list is requested'),
    path: path.describe('below the root'),
    per_model: z.boolean().default(false).describe('once for each model found so far, with `body` holding `{id}`'),
    body: z.record(z.string(), z.json()).nullable().default(null).describe('of a POST'),
    list: z.string().default('data').describe('dotted path to the models in the answer; empty: the answer itself'),
    id: z.string().default('id').describe('dotted path to the name of a model in its entry'),
    context: z.array(text).default([]).describe('dotted paths to the length of its context, tried in order'),
    configured: z
      .array(text)
      .default([])
      .describe(
        'dotted paths to the configured context of a model, which a load uses whatever is in use at the moment',
      ),
    trained: z
      .array(text)
      .default([])
      .describe('dotted paths to the longest context that it was trained for; `*.` before the last name: any prefix'),
    bytes: z.array(text).default([]).describe('dotted paths to the size of its file'),
    family: z.array(text).default([]).describe('dotted paths to its architecture'),
    parent: text.optional().describe('dotted path to the base model of an adapter'),
    capabilities: z.array(text).default([]).describe('dotted paths to words for what it can do'),
    words: z.record(z.string(), z.enum(CAPABILITIES)).default({}).describe('those words -> capabilities'),
    required: z.boolean().default(true).describe('`false`: a failure of this list leaves the others as they are'),
    pages: z
      .strictObject({ param: text, from: text, more: text.nullable().default(null) })
      .default(AS_OPENAI_PAGES)
      .describe(
        'how a list in parts goes on: a parameter of the query, the path to its value in the answer, and to a flag that there is more',
      ),
  })
  .transform(({ per_model, parent, ...rest }) => ({
    ...rest,
    perModel: per_model,
    ...(parent === undefined ? {} : { parent }),
  }))

const effortRule = z
  .strictObject({
    models: pattern.nullable().default(null).describe('pattern over names of models; without it all'),
    fields: z
      .partialRecord(z.enum(EFFORTS), z.record(z.string(), z.json()))
      .describe(
        `top-level fields for each effort that it has, of ${EFFORTS.map((effort) => `\`${effort}\``).join(', ')}; another becomes the nearest of these, and counts as lost`,
      ),
    unless: z
      .array(text)
      .default([])
      .describe('fields of a caller beside which thinking is refused: `none` is used then'),
    declared_only: z
      .boolean()
      .default(false)
      .describe('used only where the configuration lists `efforts` for the model'),
  })
  .transform(({ declared_only, ...rest }) => ({ ...rest, declaredOnly: declared_only }))

const place = z
  .strictObject({
    path: path.describe('below the root; `{model}` stands for the model'),
    stream_path: path.nullable().default(null).describe('for answers that come live'),
    paths: z
      .record(text, path)
      .default({})
      .describe('other paths, by the id of the endpoint, for what callers of that format ask there'),
    format: formatName.default('openai-chat').describe('wire format in which it is asked there'),
    models: pattern.nullable().default(null).describe('pattern over names of the models that can be asked there'),
    auth: z.strictObject({ header: headerName, prefix: z.string() }).nullable().default(null),
    lacks: capabilities.default([]).describe('what gets lost there, beside what the provider lacks everywhere'),
    spare: z
      .boolean()
      .default(false)
      .describe('it is asked there only where `formats` of the backend names the format'),
    maker: z
      .boolean()
      .default(false)
      .describe(
        'the maker of the wire format answers there: it reads its own signatures and cache marks, and has all of the format; what others lack of it is asked of them at another place',
      ),
    drop: z.array(text).default([]).describe('top-level fields of that format that are refused there'),
    tells: z.array(z.enum(WISHES)).default([]).describe('options of backends that can be told there'),
    effort: z.array(effortRule).optional().describe('as `request.effort`, in fields of that format'),
  })
  .transform(({ stream_path, effort, ...rest }): EndpointPlace => ({
    ...rest,
    streamPath: stream_path,
    ...(effort === undefined ? {} : { effort }),
  }))

/** A path alone is one place, in the format of OpenAI. */
const places = z.preprocess(
  (value) =>
    (Array.isArray(value) ? (value as readonly unknown[]) : [value]).map((one) =>
      typeof one === 'string' ? { path: one } : one,
    ),
  z.array(place).min(1),
)
const endpoints = z.partialRecord(z.enum(ASKS), places)

/** What a provider file may say. The descriptions are the table of docs/providers.md. */
export const providerSchema = z
  .strictObject({
    kind: text.describe('the name of the file, which backends name as their `kind`'),
    label: text.describe('its name for people'),
    otel_name: text
      .nullable()
      .default(null)
      .describe('what the OpenTelemetry conventions call it, where that is not its `kind`'),
    generic: z
      .boolean()
      .default(false)
      .describe('an engine with the API of OpenAI that no `signature` fits is taken for this kind'),
    price_list: text
      .nullable()
      .default(null)
      .describe(
        "its id in the price lists of `@pydantic/genai-prices`. Without it a cloud's prices are unknown, not zero: the costs of its answers are marked as partial, unless the configuration has prices. An engine of your own needs none",
      ),
    service_tiers: z
      .record(text, z.number().nonnegative())
      .default({})
      .describe(
        'factors on list prices by the `service_tier` of an answer; a tier without one is charged as the list says, and counts as estimated',
      ),
    local: z
      .boolean()
      .default(false)
      .describe('it runs on hardware of the operator: never judged by price lists, always by its queue'),
    usual_context: z
      .int()
      .positive()
      .nullable()
      .default(null)
      .describe('context in tokens with which it loads a model if none is set'),
    loads: z
      .strictObject({ path, body: z.record(z.string(), z.json()) })
      .nullable()
      .default(null)
      .describe(
        'a POST that loads a model and generates nothing; `{id}` in `body` is the model. Sent if a prompt does not fit `usual_context` and no model is loaded to show the real one',
      ),
    slots: z
      .strictObject({
        usual: z.int().positive(),
        single: pattern.nullable().default(null),
        embeddings: z.int().positive().nullable().default(null),
      })
      .nullable()
      .default(null)
      .describe(
        'requests that it runs at a time: `usual` until it reports another number, 1 for architectures that match `single`, `embeddings` for embedding models',
      ),
    remote_models: pattern
      .nullable()
      .default(null)
      .describe('pattern over names of models of a local engine that run elsewhere all the same'),
    url: address
      .nullable()
      .default(null)
      .describe('scheme and host of a cloud, without a path; without it the configuration must give `url`'),
    as_is: pattern
      .nullable()
      .default(null)
      .describe('pattern over addresses whose paths have no version, and to which none is added'),
    api: path.default('/v1').describe('what stands before all of its OpenAI-compatible paths'),
    ports: z
      .array(z.int())
      .default([])
      .describe('ports of this machine where an engine is looked for when nothing is configured'),
    key_env: text
      .nullable()
      .default(null)
      .describe('environment variable that holds the key. When nothing is configured, a cloud is found by it'),
    auth: z
      .strictObject({ header: headerName, prefix: z.string() })
      .default({ header: 'authorization', prefix: 'Bearer ' })
      .describe('where the key goes'),
    headers: z.record(headerName, z.string()).default({}).describe('headers of every request'),
    forward: z
      .array(headerName)
      .default([])
      .describe('headers of the caller that it may see; all others stay at the gateway'),
    lacks: capabilities
      .default([])
      .describe(
        'what it ignores without a word, or what `request.drop` leaves out: a request that needs it is never sent there',
      ),
    has: capabilities.default([]).describe('what every chat model of it has, unless the configuration says otherwise'),
    endpoints: endpoints.describe(
      'where it takes what is asked of it, by name: a path that begins with `api`, or a list of places, the preferred one first',
    ),
    signature: z
      .strictObject({ path, pattern })
      .nullable()
      .default(null)
      .describe('proof that what answers on a port is this engine: the answer to GET `path` matches `pattern`'),
    discovery: z
      .array(source)
      .describe(
        'how it lists its models: several lists are merged by id, later ones add to earlier ones. `[]`: it has no list, and models are declared',
      ),
    telemetry: z
      .array(telemetrySchema)
      .default([])
      .describe(
        'where it reports its load, besides its list of models: the paths are polled in turn. Local engines only',
      ),
    request: z
      .strictObject({
        rename: z.record(z.string(), text).default({}).describe('top-level field -> the name under which it reads it'),
        output_limit: text
          .nullable()
          .default(null)
          .describe('the field that limits an answer of chat where the caller names none; `max_tokens` without it'),
        drop: z
          .array(text)
          .default([])
          .describe('top-level fields that it refuses: they are left out, whatever their value'),
        roles: z.record(z.string(), text).default({}).describe('role of a message -> the role that it knows'),
        drop_from_messages: z.array(text).default([]).describe('fields of messages that it refuses'),
        thoughts: z
          .string()
          .nullable()
          .default(null)
          .describe('field of messages of the assistant in which it takes back what the model thought'),
        free_tools: z
          .boolean()
          .default(false)
          .describe('chat takes tools with free text (`custom`); else they are functions with one argument'),
        short_tool_ids: z.boolean().default(false).describe('ids of tool calls must be nine letters and digits'),
        include_usage: z
          .boolean()
          .default(true)
          .describe(
            'streams are asked for usage by `stream_options`. `false`: it refuses that field, or sends usage anyway',
          ),
        rerank_strings: z.boolean().default(false).describe('documents to rerank must be plain strings'),
        effort: z
          .array(effortRule)
          .default([])
          .describe('how a model is asked to think more or less: the first rule for the model counts'),
      })
      .prefault({}),
    response: z
      .strictObject({
        headers_with_first_token: z
          .boolean()
          .default(false)
          .describe('the status line comes with the first token: `limits.ttft` applies to it, not `limits.headers`'),
        cuts_long_prompts: z
          .boolean()
          .default(false)
          .describe('it cuts a prompt that is longer than the context, and does not say so'),
        on_abort: z
          .enum(ON_ABORT)
          .default('cancel')
          .describe(
            'what becomes of a stream whose caller has left: it is stopped and what came is counted; read to its end; or stopped and counted whole, as it is charged',
          ),
        loads_on_demand: z.boolean().default(false).describe('it loads a model when it is first requested'),
        wakes: z
          .boolean()
          .default(true)
          .describe(
            'whether a request wakes it from sleep; false: it must be woken by hand, and is tried last until then',
          ),
        caller_errors: z
          .array(z.strictObject({ status: z.int().min(500).max(599), pattern }))
          .default([])
          .describe(
            'answers that blame the server for a mistake of the caller: such a status with a message that matches is a 400',
          ),
      })
      .prefault({}),
  })
  .refine(({ local, telemetry }) => local || telemetry.length === 0, {
    path: ['telemetry'],
    message: 'is for engines of your own (`local: true`): a cloud is never asked what it is doing',
  })
