/** The kinds of backends: one data file each in config/providers/. */
import { readdir, readFile } from 'node:fs/promises'
import { z } from 'zod'
import { FORMAT_NAMES } from '../core/format-names.ts'
import { ENDPOINTS } from '../core/endpoints.ts'
import { CAPABILITIES, EFFORTS } from '../core/capabilities.ts'
import { type EndpointPlace, type ListPages, ON_ABORT, type Provider } from '../core/provider.ts'
import { ConfigError, pathText } from './issues.ts'
import { readYaml } from './read-yaml.ts'

const FOLDER = new URL('../../../config/providers/', import.meta.url)

const text = z.string().min(1)
const path = z.string().startsWith('/')
const headerName = z.string().regex(/^[a-z0-9-]+$/, 'is not the name of a header in lower case')
const endpointId = z.string().refine((id) => ENDPOINTS.some((row) => row.id === id), 'is no endpoint')
const formatName = z.enum(FORMAT_NAMES, `is no wire format of the gateway; it speaks ${FORMAT_NAMES.join(', ')}`)

/** A path alone is one in the format of the gateway's own endpoint. */
const place = z.preprocess(
  (value) => (typeof value === 'string' ? { path: value } : value),
  z.strictObject({ path, format: formatName.optional() }),
)
const endpoints = z.record(endpointId, place).transform((places) =>
  Object.fromEntries(
    ENDPOINTS.flatMap(({ id, format: own }): (readonly [string, EndpointPlace])[] => {
      const { path, format = own } = places[id] ?? {}
      return path === undefined ? [] : [[id, { path, format }]]
    }),
  ),
)
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
    method: z.enum(['GET', 'POST']).default('GET'),
    path,
    per_model: z.boolean().default(false),
    body: z.record(z.string(), z.json()).nullable().default(null),
    list: z.string().default('data'),
    id: z.string().default('id'),
    context: z.array(text).default([]),
    capabilities: z.array(text).default([]),
    words: z.record(z.string(), z.enum(CAPABILITIES)).default({}),
    required: z.boolean().default(true),
    pages: z.strictObject({ param: text, from: text, more: text.nullable().default(null) }).default(AS_OPENAI_PAGES),
  })
  .transform(({ per_model, ...rest }) => ({ ...rest, perModel: per_model }))

const effortRule = z
  .strictObject({
    models: pattern.nullable().default(null),
    fields: z.partialRecord(z.enum(EFFORTS), z.record(z.string(), z.json())),
    unless: z.array(text).default([]),
    declared_only: z.boolean().default(false),
  })
  .transform(({ declared_only, ...rest }) => ({ ...rest, declaredOnly: declared_only }))

const schema = z.strictObject({
  kind: text,
  label: text,
  otel_name: text.nullable().default(null),
  generic: z.boolean().default(false),
  price_list: text.nullable().default(null),
  service_tiers: z.record(text, z.number().nonnegative()).default({}),
  local: z.boolean().default(false),
  remote_models: pattern.nullable().default(null),
  url: z.url().nullable().default(null),
  as_is: pattern.nullable().default(null),
  api: path.default('/v1'),
  ports: z.array(z.int()).default([]),
  key_env: text.nullable().default(null),
  auth: z
    .strictObject({ header: headerName, prefix: z.string() })
    .default({ header: 'authorization', prefix: 'Bearer ' }),
  headers: z.record(headerName, z.string()).default({}),
  forward: z.array(headerName).default([]),
  lacks: z.array(z.enum(CAPABILITIES)).default([]),
  has: z.array(z.enum(CAPABILITIES)).default([]),
  endpoints,
  signature: z.strictObject({ path, pattern }).nullable().default(null),
  discovery: z.array(source),
  request: z
    .strictObject({
      rename: z.record(z.string(), text).default({}),
      output_limit: text.nullable().default(null),
      drop: z.array(text).default([]),
      roles: z.record(z.string(), text).default({}),
      drop_from_messages: z.array(text).default([]),
      short_tool_ids: z.boolean().default(false),
      include_usage: z.boolean().default(true),
      rerank_strings: z.boolean().default(false),
      effort: z.array(effortRule).default([]),
    })
    .prefault({}),
  response: z
    .strictObject({
      headers_with_first_token: z.boolean().default(false),
      cuts_long_prompts: z.boolean().default(false),
      on_abort: z.enum(ON_ABORT).default('cancel'),
      loads_on_demand: z.boolean().default(false),
      caller_errors: z.array(z.strictObject({ status: z.int().min(500).max(599), pattern })).default([]),
    })
    .prefault({}),
})

/** All kinds, by name. Throws a ConfigError that names the file and the field. */
export async function loadProviders(folder: URL = FOLDER): Promise<ReadonlyMap<string, Provider>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort()
  const providers = await Promise.all(
    files.map(async (file) => toProvider(file, await readFile(new URL(file, folder), 'utf8'))),
  )
  return new Map(providers.map((provider) => [provider.kind, provider]))
}

function toProvider(file: string, yaml: string): Provider {
  const { data, error } = schema.safeParse(readYaml(yaml, file))
  if (error !== undefined) {
    const issues = error.issues.map(({ path, message }) => ({ path: pathText(path), message }))
    throw new ConfigError(issues, file)
  }
  if (file !== `${data.kind}.yaml`)
    throw new ConfigError([{ path: 'kind', message: `"${data.kind}" is not the name of the file` }], file)
  const { key_env, remote_models, as_is, otel_name, price_list, service_tiers, request, response, ...rest } = data
  return {
    ...rest,
    keyEnv: key_env,
    otelName: otel_name,
    priceList: price_list,
    serviceTiers: service_tiers,
    asIs: as_is,
    remoteModels: remote_models,
    request: {
      rename: request.rename,
      outputLimit: request.output_limit,
      drop: request.drop,
      roles: request.roles,
      dropFromMessages: request.drop_from_messages,
      shortToolIds: request.short_tool_ids,
      includeUsage: request.include_usage,
      rerankStrings: request.rerank_strings,
      effort: request.effort,
    },
    response: {
      headersWithFirstToken: response.headers_with_first_token,
      cutsLongPrompts: response.cuts_long_prompts,
      onAbort: response.on_abort,
      loadsOnDemand: response.loads_on_demand,
      callerErrors: response.caller_errors,
    },
  }
}
