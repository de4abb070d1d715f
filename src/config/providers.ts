/** The kinds of backends: one data file each in config/providers/. */
import { readdir, readFile } from 'node:fs/promises'
import type { Provider } from '../core/provider.ts'
import { pathText } from './file-path.ts'
import { ConfigError } from './issues.ts'
import { providerSchema } from './provider-schema.ts'
import { readYaml } from './read-yaml.ts'

const FOLDER = new URL('../../../config/providers/', import.meta.url)

/** All kinds, by name. Throws a ConfigError that names the file and the field. */
export async function loadProviders(folder: URL = FOLDER): Promise<ReadonlyMap<string, Provider>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort()
  const providers = await Promise.all(
    files.map(async (file) => toProvider(file, await readFile(new URL(file, folder), 'utf8'))),
  )
  return new Map(providers.map((provider) => [provider.kind, provider]))
}

function toProvider(file: string, yaml: string): Provider {
  const { values, source, issues } = readYaml(yaml, file)
  const { data, error } = providerSchema.safeParse(values)
  const wrong = [...issues, ...(error?.issues ?? []).map(({ path, message }) => ({ path: pathText(path), message }))]
  if (data === undefined || wrong.length > 0)
    throw new ConfigError(
      wrong.map((issue) => source.placed(issue)),
      file,
    )
  if (file !== `${data.kind}.yaml`)
    throw new ConfigError([{ path: 'kind', message: `"${data.kind}" is not the name of the file` }], file)
  const {
    key_env,
    remote_models,
    usual_context,
    as_is,
    otel_name,
    price_list,
    service_tiers,
    request,
    response,
    ...rest
  } = data
  return {
    ...rest,
    keyEnv: key_env,
    otelName: otel_name,
    priceList: price_list,
    serviceTiers: service_tiers,
    asIs: as_is,
    remoteModels: remote_models,
    usualContext: usual_context,
    request: {
      rename: request.rename,
      outputLimit: request.output_limit,
      drop: request.drop,
      roles: request.roles,
      dropFromMessages: request.drop_from_messages,
      thoughts: request.thoughts,
      freeTools: request.free_tools,
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
      wakes: response.wakes,
      callerErrors: response.caller_errors,
    },
  }
}
