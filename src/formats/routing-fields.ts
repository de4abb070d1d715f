/**
 * Top-level fields by which a caller would choose where a backend connects to, with what credentials, or how often it tries. They are no
 * model parameters, some hold secrets, and none of them is sent on, in any format.
 */
export const ROUTING_FIELDS: ReadonlySet<string> = new Set([
  // Of other gateways.
  'api_base',
  'base_url',
  'api_key',
  'api_type',
  'api_version',
  'custom_llm_provider',
  'extra_headers',
  'headers',
  'fallbacks',
  'context_window_fallbacks',
  'disable_fallbacks',
  'num_retries',
  'max_retries',
  'mock_response',
  'mock_testing_fallbacks',
  'litellm_params',
  'litellm_metadata',
  // The host from which an engine fetches what another one has read: of vLLM, SGLang and TensorRT-LLM.
  'kv_transfer_params',
  'ec_transfer_params',
  'bootstrap_host',
  'bootstrap_port',
  'bootstrap_room',
  'disaggregated_params',
])
