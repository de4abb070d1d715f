const CHAT =
  'messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens metadata ' +
  'modalities n parallel_tool_calls prediction presence_penalty prompt_cache_key reasoning_effort response_format safety_identifier seed ' +
  'service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options'
const COMPLETIONS =
  'model prompt best_of echo frequency_penalty logit_bias logprobs max_tokens n presence_penalty seed stop stream stream_options suffix temperature top_p user'
const EMBEDDINGS = 'input model dimensions encoding_format user'
const RERANK = 'model query documents top_n return_documents max_tokens_per_doc'

const FIELDS: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(
  Object.entries({
    '/chat/completions': CHAT,
    '/completions': COMPLETIONS,
    '/embeddings': EMBEDDINGS,
    '/rerank': RERANK,
  }).map(([path, names]) => [path, new Set(names.split(' '))]),
)

/** Top-level fields of a body that the published reference of this endpoint does not have. */
export function unknownFields(endpoint: string, body: Readonly<Record<string, unknown>> | undefined): string[] {
  const known = FIELDS[endpoint]
  return known === undefined || body === undefined ? [] : Object.keys(body).filter((name) => !known.has(name))
}
