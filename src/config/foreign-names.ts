/** Names that people bring from other gateways and engines, by the place where they write them, and what is written here instead. */
import { pathText } from './file-path.ts'

interface Habits {
  /** The map in which they are written, as a path. */
  readonly at: RegExp
  /** Name -> what to write, the option in backticks first. */
  readonly names: Readonly<Record<string, string>>
}

/** Several names for one thing. */
const each = (names: string, instead: string): Readonly<Record<string, string>> =>
  Object.fromEntries(names.split(' ').map((name) => [name, instead]))

const OFF = 'leave it out: a section that is there is in force'

const HABITS: readonly Habits[] = [
  {
    at: /^$/,
    names: {
      ...each(
        'model_list providers upstreams targets engines services channels llms clusters',
        'write `backends`, a list of { name, kind, url, key }: one entry for each engine or cloud, not for each model',
      ),
      ...each(
        'general_settings',
        'write `keys` for callers (`turnout key new` makes one), and `admin` with a `token` in place of a master key',
      ),
      ...each(
        'litellm_settings router_settings',
        'write `routes` with candidates and `fallback`, and `limits` for time and attempts',
      ),
      ...each(
        'master_key api_key api_keys virtual_keys auth users consumers',
        'write `keys`, a list of { id, hash }; `turnout key new` makes one',
      ),
      ...each('teams', 'write `team` with each of `keys`, and `budgets` with `of: team`'),
      ...each(
        'aliases model_aliases model_alias model_group_alias',
        'write `models`, like { llama3: { aliases: [gpt-4o] } }',
      ),
      ...each(
        'fallbacks fallback_chains strategy load_balancing load_balancer selection_strategy routing routing_strategy router config',
        'write `routes`, a list of { name, candidates, strategy, fallback }',
      ),
      ...each('host bind bind_address listen address', 'write `server`, like { host: 127.0.0.1, port: 7070 }'),
      ...each('port', 'write `server`, like { port: 7070 }'),
      ...each('cors', 'write `server`, like { cors: { origins: ["https://app.example.com"] } }'),
      ...each('log logging log_level', 'write `server`, like { log_level: debug }'),
      ...each('rate_limit rate_limits rate_limiting', 'write `rpm` and `tpm` with each of `keys`'),
      ...each('timeout timeouts retries retry request_timeout', 'write `limits`, like { total: 10m, attempts: 3 }'),
      ...each('health_check health_checks', 'write `discovery`, like { interval: 10s }'),
      ...each('circuit_breaker circuit_breakers', 'leave it out: a backend that fails is set aside by itself'),
      ...each(
        'cache caching semantic_cache',
        'leave it out: answers are never given twice; engines keep their own cache of prompts',
      ),
      ...each('metrics prometheus', 'leave it out: GET /metrics is always there'),
      ...each(
        'tracing otel opentelemetry observability callbacks',
        'write `telemetry`, like { endpoint: "http://127.0.0.1:4318" }',
      ),
      ...each('database database_url db', 'write `store`, like { ledger: ./data/ledger }: no database is needed'),
      ...each('redis', 'write `store`, like { redis: "redis://host:6379" }'),
      ...each(
        'environment_variables env',
        'leave it out: "${NAME}" in any value takes the variable of the environment',
      ),
      ...each('guardrails plugins mcp_servers', 'leave it out: the gateway has none'),
      ...each('version schema_version', 'leave it out: there is one form of the file'),
    },
  },
  {
    at: /^backends\[\d+\]$/,
    names: {
      ...each(
        'base_url api_base baseurl apibase endpoint api_endpoint host hostname address uri api_url api_base_url base custom_host',
        'write `url`, like "http://127.0.0.1:8000"',
      ),
      ...each('port', 'write it in `url`, like "http://127.0.0.1:8000"'),
      ...each(
        'api_key apikey token auth_token virtual_key secret value authorization password',
        'write `key`, like "${NAME}"',
      ),
      ...each('api_keys key_list key_pool', 'write `keys`, like ["${FIRST}", "${SECOND}"]'),
      ...each('key_env api_key_env env', 'write `key`, like "${NAME}"'),
      ...each('type provider engine custom_llm_provider driver protocol api backend', 'write `kind`'),
      ...each(
        'model model_name model_names model_configs deployment model_id',
        'write `models`, a list of ids; models that the backend lists need not be written',
      ),
      ...each('litellm_params', 'write what is in it here: `url` for api_base, `key` for api_key, `models` for model'),
      ...each('model_info', 'write it under `models` of the file, by the id of the model'),
      ...each('id title label', 'write `name`'),
      ...each('timeout request_timeout', 'write `limits` of the file, like { total: 10m }'),
      ...each('retries num_retries max_retries retry_override', 'write `limits` of the file, like { attempts: 3 }'),
      ...each('rpm requests_per_minute', 'write `limits`, like { rpm: 600 }'),
      ...each('tpm tokens_per_minute', 'write `limits`, like { tpm: 200000 }'),
      ...each(
        'max_parallel_requests parallel max_parallel concurrency max_concurrency max_concurrent_requests slots',
        'write `limits`, like { parallel: 4 }',
      ),
      ...each('queue max_queue max_queue_size queue_size', 'write `limits`, like { parallel: 4, queue: 64 }'),
      ...each('priority order', 'write `strategy: ordered` with a route: its candidates are asked in their order'),
      ...each(
        'input_cost_per_token output_cost_per_token pricing cost',
        'write `price`, like { input_per_mtok_usd: 0.5, output_per_mtok_usd: 2 }',
      ),
      ...each('context context_length max_context', 'write `models` of the file, like { llama3: { context: 32768 } }'),
      ...each('health_check health_path', 'leave it out: the kind says how a backend is asked'),
      ...each('enabled', 'leave it out; a backend that shall not be called is a comment'),
    },
  },
  {
    at: /^backends\[\d+\]\.limits$/,
    names: {
      ...each('requests requests_per_minute', 'write `rpm`'),
      ...each('tokens tokens_per_minute', 'write `tpm`'),
      ...each(
        'max_parallel_requests max_parallel concurrency max_concurrency max_concurrent_requests max_num_seqs slots',
        'write `parallel`',
      ),
      ...each('max_queue max_queue_size queue_size queue_length', 'write `queue`'),
      ...each('queue_timeout max_wait wait', 'write `queue_wait`, like 30s'),
      ...each(
        'connect headers ttft load idle total attempts timeout',
        'write it under `limits` of the file, or of a route: times are not limits of a backend',
      ),
    },
  },
  {
    at: /^backends\[\d+\]\.keys\[\d+\]$/,
    names: {
      ...each('api_key secret token value', 'write `key`, like "${NAME}"'),
      ...each('id label alias', 'write `name`'),
      ...each('weight priority', 'leave it out: each call takes the key with the most room'),
      ...each('max_parallel_requests max_parallel concurrency', 'write `parallel`'),
    },
  },
  {
    at: /^routes\[\d+\]$/,
    names: {
      ...each(
        'models model targets backends model_list deployments upstreams providers',
        'write `candidates`, a list of globs over backend/model',
      ),
      ...each('fallbacks fallback_models', 'write `fallback`, a list of globs over backend/model'),
      ...each('mode policy routing_strategy load_balancing balance algorithm', 'write `strategy`'),
      ...each('when conditions condition rules rule if path', 'write `match`, like { model: ["gpt-*"] }'),
      ...each('id model_name route', 'write `name`'),
      ...each('timeout', 'write `limits`, like { total: 2m }'),
      ...each('max_cost max_cost_usd budget', 'write `limits`, like { max_cost_usd: 0.05 }'),
      ...each('aliases alias', 'write `match`, like { model: [NAME] }'),
    },
  },
  {
    at: /^routes\[\d+\]\.strategy$/,
    names: each('mode type name', 'write the strategy itself, like `strategy: ordered`'),
  },
  {
    at: /^keys\[\d+\]$/,
    names: {
      ...each(
        'key secret token api_key value master_key virtual_key password',
        'write `hash`: only hashes are stored; `turnout key hash` makes one of a key, `turnout key new` makes both',
      ),
      ...each('name key_name key_alias alias label title', 'write `id`'),
      ...each(
        'models allowed_models model allowed_routes',
        'write `routes`, a list of names of routes that it may use',
      ),
      ...each('max_budget budget_usd spend_limit limit', 'write `budget`, like { usd: 50, per: month }'),
      ...each('budget_duration period', 'write `budget`, like { usd: 50, per: month }'),
      ...each('rpm_limit rate_limit requests_per_minute', 'write `rpm`'),
      ...each('tpm_limit tokens_per_minute', 'write `tpm`'),
      ...each('max_parallel_requests concurrency max_concurrent', 'write `parallel`'),
      ...each('team_id', 'write `team`'),
      ...each('user_id owner', 'write `user`'),
      ...each('expires_at expiry duration', 'write `expires`, like "2027-01-31"'),
      ...each('tags metadata', 'write `labels`'),
    },
  },
  {
    at: /^budgets\[\d+\]$/,
    names: {
      ...each('limit max_budget amount max budget cost dollars max_cost limit_usd max_usd', 'write `usd`'),
      ...each('period duration budget_duration interval window reset every', 'write `per`: minute, hour, day or month'),
      ...each('scope entity type for level kind', 'write `of`: key, team, user, route, session, agent or gateway'),
      ...each('team key user route session agent id', 'write `of` and `ids`, like of: team, ids: [NAME]'),
      ...each('rpm', 'write `requests` and `per: minute`'),
      ...each('tpm', 'write `tokens` and `per: minute`'),
      ...each('alert_at threshold soft_budget alert', 'write `soft`, a share like 0.8'),
    },
  },
  {
    at: /^server$/,
    names: {
      ...each('bind bind_address listen address addr ip', 'write `host` and `port`'),
      ...each('allowed_origins cors_origins', 'write `cors`, like { origins: ["https://app.example.com"] }'),
      ...each('loglevel logging verbose debug', 'write `log_level`, like debug'),
      ...each('master_key api_key api_keys key', 'write `keys` of the file; `turnout key new` makes one'),
      ...each('timeout request_timeout', 'write `limits` of the file, like { total: 10m }'),
      ...each('max_body_size body_limit', 'write `limits` of the file, like { body: 32MiB }'),
      ...each(
        'workers num_workers threads',
        'leave it out: one process serves; start several behind a balancer, with `store.redis`',
      ),
      ...each('tls ssl cert ssl_certfile ssl_keyfile', 'leave it out: a proxy in front of the gateway does TLS'),
      ...each('admin_port', 'write `admin` of the file, like { port: 7071 }'),
    },
  },
  {
    at: /^(routes\[\d+\]\.)?limits$/,
    names: {
      ...each('timeout request_timeout read_timeout timeout_ms', 'write `total`, like 10m'),
      ...each('connect_timeout connection_timeout', 'write `connect`, like 2s'),
      ...each('first_token first_byte first_byte_timeout stream_timeout', 'write `ttft`, like 20s'),
      ...each('idle_timeout', 'write `idle`, like 30s'),
      ...each('retries num_retries max_retries retry max_attempts', 'write `attempts`, the first one counted'),
      ...each('max_body_size body_size max_body body_limit', 'write `body`, like 32MiB'),
      ...each('rpm tpm requests', 'write `rpm` and `tpm` with each of `keys`'),
      ...each('max_cost cost usd', 'write `max_cost_usd`, in USD for one request'),
    },
  },
  {
    at: /^models(\.[^.[\]]+|\["[^\]]*"\])$/,
    names: {
      ...each('alias', 'write `aliases`, a list'),
      ...each(
        'context_window context_length max_context num_ctx max_model_len max_input_tokens',
        'write `context`, in tokens',
      ),
      ...each('max_tokens max_output_tokens max_completion_tokens', 'write `max_output`, in tokens'),
      ...each(
        'pricing cost input_cost_per_token output_cost_per_token',
        'write `price`, like { input_per_mtok_usd: 0.5, output_per_mtok_usd: 2 }',
      ),
      ...each(
        'tools vision supports_vision supports_function_calling reasoning',
        'write `capabilities`, like { tools: true, vision: false }',
      ),
      ...each('backend provider', 'write the id with its backend: "backend/model"'),
    },
  },
  {
    at: /\.price(\.tiers\[\d+\])?$/,
    names: {
      ...each(
        'input input_tokens prompt input_per_million input_cost_per_token input_usd',
        'write `input_per_mtok_usd`: USD for a million tokens',
      ),
      ...each(
        'output output_tokens completion output_per_million output_cost_per_token output_usd',
        'write `output_per_mtok_usd`: USD for a million tokens',
      ),
      ...each('cached cached_input cache_read', 'write `cached_input_per_mtok_usd`: USD for a million tokens'),
    },
  },
  {
    at: /^store$/,
    names: {
      ...each('path dir folder directory database_url database', 'write `ledger`, like ./data/ledger'),
      ...each('url redis_url redis_host host', 'write `redis`, like "redis://host:6379"'),
      ...each('retention keep', 'write `ledger_keep`, like 90d'),
    },
  },
  {
    at: /^admin$/,
    names: {
      ...each(
        'password key secret master_key api_key hash',
        'write `token`, a hash: `turnout key new` makes a secret and its hash',
      ),
      ...each('enabled', OFF),
    },
  },
  {
    at: /^telemetry$/,
    names: {
      ...each('url otlp_endpoint exporter collector', 'write `endpoint`, like "http://127.0.0.1:4318"'),
      ...each('enabled', OFF),
    },
  },
]

/** All of the names. */
export const FOREIGN_NAMES: readonly string[] = HABITS.flatMap(({ names }) => Object.keys(names))

/** `baseUrl`, `base-url` and `BASE_URL` are one name. */
export const plainName = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase()

/** What to write for a name that does not exist at a place; null where nobody can know. */
export function insteadOf(parent: readonly PropertyKey[], name: string): string | null {
  const place = pathText(parent)
  if (place === '' && /^x-/i.test(name))
    return 'write the anchor where its values are first used, like `- &base { .. }`, and `<<: *base` in the others'
  const habits = HABITS.find(({ at }) => at.test(place))
  const plain = plainName(name)
  return habits !== undefined && Object.hasOwn(habits.names, plain) ? habits.names[plain]! : null
}
