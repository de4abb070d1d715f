import t from 'tap'
import { ConfigError } from '../../src/config/issues.ts'
import { parseConfig } from '../../src/config/load.ts'
import { PROVIDERS } from './load.ts'

interface Told {
  /** Line and column. */
  readonly at: string
  readonly path: string
  /** What is under the mark, as it is shown. */
  readonly marked: string
  /** How the message ends: what to write instead. */
  readonly remedy: string
}

interface Mistake {
  readonly mistake: string
  readonly yaml: string
  readonly told: readonly Told[]
}

/** What people write who come from elsewhere, or in a hurry. */
const MISTAKES: readonly Mistake[] = [
  {
    mistake: "LiteLLM's file",
    yaml: 'model_list:\n  - model_name: gpt-4o\n    litellm_params:\n      model: openai/gpt-4o\n      api_base: http://localhost:8000\n      api_key: os.environ/OPENAI_API_KEY\ngeneral_settings:\n  master_key: sk-1234\n',
    told: [
      {
        at: '1:1',
        path: 'model_list',
        marked: 'model_list',
        remedy:
          'write `backends`, a list of { name, kind, url, key }: one entry for each engine or cloud, not for each model',
      },
      {
        at: '7:1',
        path: 'general_settings',
        marked: 'general_settings',
        remedy:
          'write `keys` for callers (`turnout key new` makes one), and `admin` with a `token` in place of a master key',
      },
    ],
  },
  {
    mistake: "LiteLLM's api_base",
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    api_base: http://h:8000\n',
    told: [
      {
        at: '4:5',
        path: 'backends[0].api_base',
        marked: 'api_base',
        remedy: 'write `url`, like "http://127.0.0.1:8000"',
      },
    ],
  },
  {
    mistake: "LiteLLM's limits of a deployment",
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n    rpm: 60\n    max_parallel_requests: 4\n',
    told: [
      { at: '5:5', path: 'backends[0].rpm', marked: 'rpm', remedy: 'write `limits`, like { rpm: 600 }' },
      {
        at: '6:5',
        path: 'backends[0].max_parallel_requests',
        marked: 'max_parallel_requests',
        remedy: 'write `limits`, like { parallel: 4 }',
      },
    ],
  },
  {
    mistake: 'times under the limits of a backend, and names of other gateways for its queue',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n    limits:\n      ttft: 5s\n      max_queue_size: 4\n',
    told: [
      {
        at: '6:7',
        path: 'backends[0].limits.ttft',
        marked: 'ttft',
        remedy: 'write it under `limits` of the file, or of a route: times are not limits of a backend',
      },
      { at: '7:7', path: 'backends[0].limits.max_queue_size', marked: 'max_queue_size', remedy: 'write `queue`' },
    ],
  },
  {
    mistake: 'a list of keys as others call it, one that is masked, and `key` beside `keys`',
    yaml: 'backends:\n  - name: a\n    kind: openai\n    api_keys: [x]\n  - name: b\n    kind: openai\n    keys: [abc, { api_key: y }]\n  - name: c\n    kind: openai\n    key: abc\n    keys: [abc, def]\n',
    told: [
      {
        at: '4:5',
        path: 'backends[0].api_keys',
        marked: 'api_keys',
        remedy: 'write `keys`, like ["${FIRST}", "${SECOND}"]',
      },
      { at: '7:19', path: 'backends[1].keys[1].api_key', marked: 'api_key', remedy: 'write `key`, like "${NAME}"' },
      {
        at: '11:11',
        path: 'backends[2].keys',
        marked: '[***, ***]',
        remedy: 'write all of them here, or one `key`',
      },
    ],
  },
  {
    mistake: 'base_url of an SDK',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    base_url: http://h:8000\n',
    told: [
      {
        at: '4:5',
        path: 'backends[0].base_url',
        marked: 'base_url',
        remedy: 'write `url`, like "http://127.0.0.1:8000"',
      },
    ],
  },
  {
    mistake: 'api_key',
    yaml: 'backends:\n  - name: a\n    kind: openai\n    api_key: sk-proj-abcdef1234567890abcdef\n',
    told: [{ at: '4:5', path: 'backends[0].api_key', marked: 'api_key', remedy: 'write `key`, like "${NAME}"' }],
  },
  {
    mistake: "LiteLLM's os.environ/NAME",
    yaml: 'backends:\n  - name: a\n    kind: openai\n    key: os.environ/OPENAI_API_KEY\n',
    told: [
      { at: '4:10', path: 'backends[0].key', marked: 'os.environ/OPENAI_API_KEY', remedy: 'write "${OPENAI_API_KEY}"' },
    ],
  },
  {
    mistake: "Bifrost's env.NAME",
    yaml: 'backends:\n  - name: a\n    kind: openai\n    key: env.OPENAI_API_KEY\n',
    told: [{ at: '4:10', path: 'backends[0].key', marked: 'env.OPENAI_API_KEY', remedy: 'write "${OPENAI_API_KEY}"' }],
  },
  {
    mistake: "Continuum's type",
    yaml: 'backends:\n  - name: a\n    type: ollama\n    url: http://h:11434\n',
    told: [{ at: '3:5', path: 'backends[0].type', marked: 'type', remedy: 'write `kind`' }],
  },
  {
    mistake: "Bifrost's providers",
    yaml: 'providers:\n  openai:\n    keys:\n      - value: env.OPENAI_API_KEY\n        models: ["gpt-4o"]\n',
    told: [
      {
        at: '1:1',
        path: 'providers',
        marked: 'providers',
        remedy:
          'write `backends`, a list of { name, kind, url, key }: one entry for each engine or cloud, not for each model',
      },
    ],
  },
  {
    mistake: "Portkey's targets",
    yaml: 'strategy:\n  mode: fallback\ntargets:\n  - provider: openai\n    api_key: sk-abcdefghijklmnop\n',
    told: [
      {
        at: '1:1',
        path: 'strategy',
        marked: 'strategy',
        remedy: 'write `routes`, a list of { name, candidates, strategy, fallback }',
      },
      {
        at: '3:1',
        path: 'targets',
        marked: 'targets',
        remedy:
          'write `backends`, a list of { name, kind, url, key }: one entry for each engine or cloud, not for each model',
      },
    ],
  },
  {
    mistake: 'names in camel case',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    baseUrl: http://h\n    apiKey: sk-abcdefgh12345678\n',
    told: [
      {
        at: '4:5',
        path: 'backends[0].baseUrl',
        marked: 'baseUrl',
        remedy: 'write `url`, like "http://127.0.0.1:8000"',
      },
      { at: '5:5', path: 'backends[0].apiKey', marked: 'apiKey', remedy: 'write `key`, like "${NAME}"' },
    ],
  },
  {
    mistake: 'host of an Ollama',
    yaml: 'backends:\n  - name: a\n    kind: ollama\n    host: localhost:11434\n',
    told: [
      { at: '4:5', path: 'backends[0].host', marked: 'host', remedy: 'write `url`, like "http://127.0.0.1:8000"' },
    ],
  },
  {
    mistake: 'open-ai',
    yaml: 'backends:\n  - name: a\n    kind: open-ai\n    url: http://h:8000\n',
    told: [{ at: '3:11', path: 'backends[0].kind', marked: 'open-ai', remedy: 'did you mean "openai"?' }],
  },
  {
    mistake: 'llama.cpp',
    yaml: 'backends:\n  - name: a\n    kind: llama.cpp\n    url: http://h:8000\n',
    told: [{ at: '3:11', path: 'backends[0].kind', marked: 'llama.cpp', remedy: 'write "llamacpp"' }],
  },
  {
    mistake: 'lm-studio',
    yaml: 'backends:\n  - name: a\n    kind: lm-studio\n    url: http://h:8000\n',
    told: [{ at: '3:11', path: 'backends[0].kind', marked: 'lm-studio', remedy: 'write "lmstudio"' }],
  },
  {
    mistake: 'google',
    yaml: 'backends:\n  - name: a\n    kind: google\n    url: http://h:8000\n',
    told: [{ at: '3:11', path: 'backends[0].kind', marked: 'google', remedy: 'write "gemini"' }],
  },
  {
    mistake: 'text-generation-inference',
    yaml: 'backends:\n  - name: a\n    kind: text-generation-inference\n    url: http://h:8000\n',
    told: [{ at: '3:11', path: 'backends[0].kind', marked: 'text-generation-inference', remedy: 'write "tgi"' }],
  },
  {
    mistake: 'koboldcpp',
    yaml: 'backends:\n  - name: a\n    kind: koboldcpp\n    url: http://h:8000\n',
    told: [
      {
        at: '3:11',
        path: 'backends[0].kind',
        marked: 'koboldcpp',
        remedy: 'for what speaks OpenAI\'s API write "openai-compatible"',
      },
    ],
  },
  {
    mistake: 'a line between two indentations',
    yaml: 'backends:\n  - name: a\n   kind: vllm\n',
    told: [{ at: '3:1', path: 'backends[0].name', marked: '   ', remedy: 'write 4 spaces, as far as "name" above it' }],
  },
  {
    mistake: 'a line that is too deep',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n      url: http://h:8000\n',
    told: [{ at: '4:1', path: 'backends[0].kind', marked: '      ', remedy: 'write 4 spaces' }],
  },
  {
    mistake: 'a line that is not deep enough',
    yaml: 'backends:\n  - name: a\n  kind: vllm\n  url: http://h:8000\n',
    told: [{ at: '3:1', path: 'backends[0].name', marked: '  ', remedy: 'write 4 spaces, as far as "name" above it' }],
  },
  {
    mistake: 'a tab',
    yaml: 'backends:\n\t- name: a\n\t  kind: vllm\n',
    told: [{ at: '2:1', path: 'backends', marked: '→', remedy: 'write spaces' }],
  },
  {
    mistake: 'a bare star',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nroutes:\n  - name: r\n    candidates: [*]\n',
    told: [{ at: '7:18', path: 'routes[0].candidates[0]', marked: '*', remedy: 'write "*"' }],
  },
  {
    mistake: 'a bare glob',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nroutes:\n  - name: r\n    candidates: [*/gpt-4o]\n',
    told: [
      {
        at: '7:18',
        path: 'routes[0].candidates[0]',
        marked: '*/gpt-4o',
        remedy: 'a value that begins with "*" needs quotes',
      },
    ],
  },
  {
    mistake: 'a variable in braces of a map',
    yaml: 'backends: [{ name: a, kind: openai, key: ${OPENAI_API_KEY} }]\n',
    told: [{ at: '1:42', path: 'backends[0].key', marked: '${', remedy: 'write "${NAME}" with them' }],
  },
  {
    mistake: 'an option twice',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n    url: http://i:8000\n',
    told: [{ at: '5:5', path: 'backends[0].url', marked: 'url', remedy: 'write it once' }],
  },
  {
    mistake: 'a list for the file',
    yaml: '- name: a\n  kind: vllm\n',
    told: [{ at: '1:3', path: '', marked: 'name: a', remedy: 'write a map: lines of "name: value" without "- "' }],
  },
  {
    mistake: 'backends by name',
    yaml: 'backends:\n  a:\n    kind: vllm\n    url: http://h:8000\n',
    told: [{ at: '1:1', path: 'backends', marked: 'backends', remedy: 'write a list: each entry begins with "- "' }],
  },
  {
    mistake: 'a list for a map',
    yaml: 'server:\n  - port: 7070\nbackends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n',
    told: [{ at: '1:1', path: 'server', marked: 'server', remedy: 'write a map: lines of "name: value" without "- "' }],
  },
  {
    mistake: '$NAME',
    yaml: 'backends:\n  - name: a\n    kind: openai\n    key: $OPENAI_API_KEY\n',
    told: [{ at: '4:10', path: 'backends[0].key', marked: '$OPENAI_API_KEY', remedy: 'write "${OPENAI_API_KEY}"' }],
  },
  {
    mistake: '${NAME without an end',
    yaml: 'backends:\n  - name: a\n    kind: openai\n    key: ${OPENAI_API_KEY\n',
    told: [
      {
        at: '4:10',
        path: 'backends[0].key',
        marked: '${OPENAI_API_KEY',
        remedy: 'write "${NAME}", or "$${" for the two characters',
      },
    ],
  },
  {
    mistake: '$NAME in an address',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://$GPU_HOST:8000\n',
    told: [{ at: '4:10', path: 'backends[0].url', marked: 'http://$GPU_HOST:8000', remedy: 'write "${GPU_HOST}"' }],
  },
  {
    mistake: 'a variable that is misspelt',
    yaml: 'backends:\n  - name: a\n    kind: openai\n    key: ${OPENAI_APIKEY}\n',
    told: [
      {
        at: '4:10',
        path: 'backends[0].key',
        marked: '${OPENAI_APIKEY}',
        remedy: 'set it, or write "${OPENAI_APIKEY:-default}"',
      },
    ],
  },
  {
    mistake: 'no scheme',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: localhost:8000\n',
    told: [{ at: '4:10', path: 'backends[0].url', marked: 'localhost:8000', remedy: 'write "http://localhost:8000"' }],
  },
  {
    mistake: 'the address of an endpoint',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000/v1/chat/completions\n',
    told: [
      {
        at: '4:10',
        path: 'backends[0].url',
        marked: 'http://h:8000/v1/chat/completions',
        remedy: 'write "http://h:8000"',
      },
    ],
  },
  {
    mistake: 'a port for an address',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: 8000\n',
    told: [
      {
        at: '4:10',
        path: 'backends[0].url',
        marked: '8000',
        remedy: 'write scheme, host and port, like "http://127.0.0.1:8000"',
      },
    ],
  },
  {
    mistake: 'a port in quotes',
    yaml: 'server:\n  port: "8080"\nbackends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n',
    told: [{ at: '2:9', path: 'server.port', marked: '"8080"', remedy: 'write a number: 8080' }],
  },
  {
    mistake: 'a port too high',
    yaml: 'server:\n  port: 70700\nbackends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n',
    told: [{ at: '2:9', path: 'server.port', marked: '70700', remedy: 'write a port from 0 to 65535' }],
  },
  {
    mistake: 'a budget without a window',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nbudgets:\n  - name: x\n    of: team\n    usd: 5\n',
    told: [{ at: '6:5', path: 'budgets[0].per', marked: 'name', remedy: 'write one of minute, hour, day, month' }],
  },
  {
    mistake: 'daily',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nbudgets:\n  - name: x\n    of: team\n    usd: 5\n    per: daily\n',
    told: [{ at: '9:10', path: 'budgets[0].per', marked: 'daily', remedy: 'write `day`' }],
  },
  {
    mistake: 'money with its sign',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nbudgets:\n  - name: x\n    of: team\n    usd: $5\n    per: day\n',
    told: [{ at: '8:10', path: 'budgets[0].usd', marked: '$5', remedy: 'write a number: 5' }],
  },
  {
    mistake: 'less than nothing',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nbudgets:\n  - name: x\n    of: team\n    usd: -5\n    per: day\n',
    told: [{ at: '8:10', path: 'budgets[0].usd', marked: '-5', remedy: 'write 0 or more' }],
  },
  {
    mistake: 'per cent',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nbudgets:\n  - name: x\n    of: team\n    usd: 5\n    per: day\n    soft: 80%\n',
    told: [{ at: '10:11', path: 'budgets[0].soft', marked: '80%', remedy: 'write a number: 0.8' }],
  },
  {
    mistake: 'a share in per cent',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nbudgets:\n  - name: x\n    of: team\n    usd: 5\n    per: day\n    soft: 80\n',
    told: [{ at: '10:11', path: 'budgets[0].soft', marked: '80', remedy: 'write a share from 0 to 1, like 0.8' }],
  },
  {
    mistake: 'a plain key for a hash',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nkeys:\n  - id: k\n    hash: sk-my-plain-secret-key\n',
    told: [
      {
        at: '7:11',
        path: 'keys[0].hash',
        marked: '***',
        remedy:
          'only hashes of keys are stored: `turnout key new` makes a key and its hash, `turnout key hash` hashes yours',
      },
    ],
  },
  {
    mistake: 'plain keys',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nkeys:\n  - sk-my-plain-secret-key\n',
    told: [
      {
        at: '6:5',
        path: 'keys[0]',
        marked: '***',
        remedy: 'write a map, like { id: NAME, hash: "sha256:.." }; `turnout key new` makes a key and its hash',
      },
    ],
  },
  {
    mistake: 'key for hash',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nkeys:\n  - id: k\n    key: sk-my-plain-secret-key\n',
    told: [
      {
        at: '7:5',
        path: 'keys[0].key',
        marked: 'key',
        remedy:
          'write `hash`: only hashes are stored; `turnout key hash` makes one of a key, `turnout key new` makes both',
      },
    ],
  },
  {
    mistake: 'a plain token',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nadmin:\n  token: my-secret-admin-token\n',
    told: [{ at: '6:10', path: 'admin.token', marked: '***', remedy: '`turnout key new` makes a secret and its hash' }],
  },
  {
    mistake: 'one port twice',
    yaml: 'server:\n  port: 7071\nadmin:\n  token: "sha256:abababababababababababababababababababababababababababababababab"\n  port: 7071\nbackends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n',
    told: [{ at: '5:9', path: 'admin.port', marked: '7071', remedy: 'write another one, like 7070' }],
  },
  {
    mistake: 'an open door',
    yaml: 'server:\n  host: 0.0.0.0\nbackends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n',
    told: [
      {
        at: '2:9',
        path: 'server.host',
        marked: '0.0.0.0',
        remedy: 'add `keys` (turnout key new makes one) or `store.keys`, or write `server: { auth: none }`',
      },
    ],
  },
  {
    mistake: 'a Redis without a scheme',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nstore:\n  redis: localhost:6379\n',
    told: [
      {
        at: '6:10',
        path: 'store.redis',
        marked: '***',
        remedy: 'write it like "redis://host:6379", or "rediss://" with TLS',
      },
    ],
  },
  {
    mistake: 'an empty file',
    yaml: '',
    told: [
      {
        at: '',
        path: '',
        marked: '',
        remedy: 'write `backends`, or remove the file: without one the gateway looks for engines and cloud keys itself',
      },
    ],
  },
  {
    mistake: 'JSON with a typo',
    yaml: '{"backends": [{"name": "a", "kind": "vllm", "url": "http://h:8000", "modles": []}]}',
    told: [{ at: '1:69', path: 'backends[0].modles', marked: '"modles"', remedy: 'did you mean `models`?' }],
  },
  {
    mistake: 'JSON without a comma',
    yaml: '{"backends": [{"name": "a", "kind": "vllm", "url": "http://h:8000"} {"name":"b"}]}',
    told: [{ at: '1:69', path: 'backends[0]', marked: '{', remedy: 'a comma is missing before this' }],
  },
  {
    mistake: 'a place for anchors',
    yaml: 'x-base: &base\n  kind: vllm\nbackends:\n  - <<: *base\n    name: a\n    url: http://h\n',
    told: [
      {
        at: '1:1',
        path: 'x-base',
        marked: 'x-base',
        remedy:
          'write the anchor where its values are first used, like `- &base { .. }`, and `<<: *base` in the others',
      },
    ],
  },
  {
    mistake: 'yes',
    yaml: 'server:\n  trust_proxy: yes\nbackends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n',
    told: [{ at: '2:16', path: 'server.trust_proxy', marked: 'yes', remedy: 'write true' }],
  },
  {
    mistake: 'models as a list',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nmodels:\n  - gpt-4o\n  - llama3\n',
    told: [
      {
        at: '5:1',
        path: 'models',
        marked: 'models',
        remedy:
          'write a map by the ids of models, like { llama3: { context: 32768 } }; which models a backend has goes into its own `models`',
      },
    ],
  },
  {
    mistake: 'no dash',
    yaml: 'backends:\n  name: a\n  kind: vllm\n  url: http://h\n',
    told: [{ at: '1:1', path: 'backends', marked: 'backends', remedy: 'write a list: each entry begins with "- "' }],
  },
  {
    mistake: 'no space',
    yaml: 'backends:\n  - name:a\n    kind: vllm\n',
    told: [{ at: '2:5', path: 'backends[0]', marked: 'name:', remedy: 'write "name: " and then the value' }],
  },
  {
    mistake: 'no colon',
    yaml: 'backends:\n  - name: a\n    kind vllm\n    url: http://h\n',
    told: [{ at: '3:5', path: 'backends[0]', marked: 'kind', remedy: 'write "kind: " and then the value' }],
  },
  {
    mistake: 'a colon in a value',
    yaml: 'backends:\n  - name: a: b\n    kind: vllm\n',
    told: [
      {
        at: '2:11',
        path: 'backends[0].name',
        marked: 'a',
        remedy: 'a value that contains ": " needs quotes, and nested options need lines of their own',
      },
    ],
  },
  {
    mistake: 'an open quote',
    yaml: 'backends:\n  - name: "a\n    kind: vllm\n',
    told: [{ at: '2:11', path: 'backends[0].name', marked: '"', remedy: 'write it at the end of the value too' }],
  },
  {
    mistake: 'an open bracket',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nroutes:\n  - name: r\n    candidates: ["a/*"\n',
    told: [{ at: '7:17', path: 'routes[0].candidates', marked: '[', remedy: 'write "]" behind what belongs in it' }],
  },
  {
    mistake: 'a tag',
    yaml: 'backends:\n  - name: a\n    kind: openai\n    key: !env OPENAI_API_KEY\n',
    told: [{ at: '4:10', path: 'backends[0].key', marked: '!env', remedy: 'a variable is written "${NAME}"' }],
  },
  {
    mistake: 'a masked key',
    yaml: 'backends:\n  - name: a\n    kind: openai\n    key: sk-***\n',
    told: [{ at: '4:10', path: 'backends[0].key', marked: '***', remedy: 'write "${NAME}" and set the variable' }],
  },
  {
    mistake: 'two documents',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n---\nbackends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n',
    told: [{ at: '5:1', path: '', marked: '---', remedy: 'a configuration is one, so take out the "---"' }],
  },
  {
    mistake: 'one name twice',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n  - name: a\n    kind: vllm\n    url: http://i\n',
    told: [{ at: '5:11', path: 'backends[1].name', marked: 'a', remedy: 'names must differ' }],
  },
  {
    mistake: 'a duration without a unit',
    yaml: 'limits:\n  ttft: 5\nbackends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n',
    told: [{ at: '2:9', path: 'limits.ttft', marked: '5', remedy: 'write it with a unit, like "5s"' }],
  },
  {
    mistake: 'seconds in a word',
    yaml: 'limits:\n  ttft: 5 seconds\nbackends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n',
    told: [{ at: '2:9', path: 'limits.ttft', marked: '5 seconds', remedy: 'write it like "5s"' }],
  },
  {
    mistake: 'M for MiB',
    yaml: 'limits:\n  body: 32M\nbackends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n',
    told: [{ at: '2:9', path: 'limits.body', marked: '32M', remedy: 'write it like "32MiB"' }],
  },
  {
    mistake: 'num_retries',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nlimits:\n  num_retries: 3\n',
    told: [
      {
        at: '6:3',
        path: 'limits.num_retries',
        marked: 'num_retries',
        remedy: 'write `attempts`, the first one counted',
      },
    ],
  },
  {
    mistake: 'round-robin',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nroutes:\n  - name: r\n    candidates: ["a/*"]\n    strategy: round-robin\n',
    told: [{ at: '8:15', path: 'routes[0].strategy', marked: 'round-robin', remedy: 'write `round_robin`' }],
  },
  {
    mistake: "Portkey's mode",
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nroutes:\n  - name: r\n    candidates: ["a/*"]\n    strategy:\n      mode: fallback\n',
    told: [
      {
        at: '9:7',
        path: 'routes[0].strategy.mode',
        marked: 'mode',
        remedy: 'write the strategy itself, like `strategy: ordered`',
      },
    ],
  },
  {
    mistake: 'models of a route',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nroutes:\n  - name: r\n    models: ["a/*"]\n',
    told: [
      {
        at: '7:5',
        path: 'routes[0].models',
        marked: 'models',
        remedy: 'write `candidates`, a list of globs over backend/model',
      },
    ],
  },
  {
    mistake: 'fallbacks',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nroutes:\n  - name: r\n    candidates: ["a/*"]\n    fallbacks: [gpt-4o]\n',
    told: [
      {
        at: '8:5',
        path: 'routes[0].fallbacks',
        marked: 'fallbacks',
        remedy: 'write `fallback`, a list of globs over backend/model',
      },
    ],
  },
  {
    mistake: "LiteLLM's max_budget",
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nkeys:\n  - id: k\n    hash: sha256:abababababababababababababababababababababababababababababababab\n    max_budget: 50\n',
    told: [
      {
        at: '8:5',
        path: 'keys[0].max_budget',
        marked: 'max_budget',
        remedy: 'write `budget`, like { usd: 50, per: month }',
      },
    ],
  },
  {
    mistake: 'limit of a budget',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nbudgets:\n  - name: x\n    of: team\n    limit: 5\n    per: day\n',
    told: [{ at: '8:5', path: 'budgets[0].limit', marked: 'limit', remedy: 'write `usd`' }],
  },
  {
    mistake: 'context_window',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nmodels:\n  llama3:\n    context_window: 8192\n',
    told: [
      {
        at: '7:5',
        path: 'models.llama3.context_window',
        marked: 'context_window',
        remedy: 'write `context`, in tokens',
      },
    ],
  },
  {
    mistake: 'prices by other names',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nmodels:\n  llama3:\n    price: { input: 3, output: 15 }\n',
    told: [
      {
        at: '7:14',
        path: 'models.llama3.price.input',
        marked: 'input',
        remedy: 'write `input_per_mtok_usd`: USD for a million tokens',
      },
      {
        at: '7:24',
        path: 'models.llama3.price.output',
        marked: 'output',
        remedy: 'write `output_per_mtok_usd`: USD for a million tokens',
      },
    ],
  },
  {
    mistake: 'enabled',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nadmin:\n  enabled: true\n  token: "sha256:abababababababababababababababababababababababababababababababab"\n',
    told: [
      {
        at: '6:3',
        path: 'admin.enabled',
        marked: 'enabled',
        remedy: 'leave it out: a section that is there is in force',
      },
    ],
  },
  {
    mistake: 'warning',
    yaml: 'server:\n  log_level: warning\nbackends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\n',
    told: [{ at: '2:14', path: 'server.log_level', marked: 'warning', remedy: 'write `warn`' }],
  },
  {
    mistake: 'one letter too few',
    yaml: 'backend:\n  - name: a\n    kind: vllm\n    url: http://h\n',
    told: [{ at: '1:1', path: 'backend', marked: 'backend', remedy: 'did you mean `backends`?' }],
  },
  {
    mistake: 'aliases',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\naliases:\n  gpt-4: llama\n',
    told: [
      {
        at: '5:1',
        path: 'aliases',
        marked: 'aliases',
        remedy: 'write `models`, like { llama3: { aliases: [gpt-4o] } }',
      },
    ],
  },
  {
    mistake: 'aliases in a circle',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nmodels:\n  x: { aliases: [y] }\n  y: { aliases: [x] }\n',
    told: [
      { at: '6:18', path: 'models.x.aliases[0]', marked: 'y', remedy: 'choose another name' },
      { at: '7:18', path: 'models.y.aliases[0]', marked: 'x', remedy: 'choose another name' },
    ],
  },
  {
    mistake: 'an unknown key',
    yaml: 'backends:\n  - name: a\n    kind: vllm\n    url: http://h:8000\nroutes:\n  - name: r\n    match: { key: [team-a] }\n    candidates: ["a/*"]\nkeys:\n  - id: team-b\n    hash: sha256:abababababababababababababababababababababababababababababababab\n',
    told: [{ at: '7:20', path: 'routes[0].match.key[0]', marked: 'team-a', remedy: 'did you mean "team-b"?' }],
  },
  {
    mistake: 'ten at once',
    yaml: 'server:\n  prot: 8080\n  host: 0.0.0.0\nbackends:\n  - name: gpu a\n    kind: open-ai\n    base_url: http://h:8000\n  - name: b\n    kind: vllm\n    url: h:8000/v1/chat/completions\nlimits:\n  ttft: 5\nroutes:\n  - name: r\n    candidates: x\n    strategy: fastest\nbudgets:\n  - name: x\n    of: teams\n    usd: 5\n',
    told: [
      { at: '2:3', path: 'server.prot', marked: 'prot', remedy: 'did you mean `port`?' },
      {
        at: '5:11',
        path: 'backends[0].name',
        marked: 'gpu a',
        remedy: 'use letters, digits, ".", "_" and "-", at most 64',
      },
      { at: '6:11', path: 'backends[0].kind', marked: 'open-ai', remedy: 'did you mean "openai"?' },
      {
        at: '7:5',
        path: 'backends[0].base_url',
        marked: 'base_url',
        remedy: 'write `url`, like "http://127.0.0.1:8000"',
      },
      { at: '10:10', path: 'backends[1].url', marked: 'h:8000/v1/chat/completions', remedy: 'write "http://h:8000"' },
      { at: '12:9', path: 'limits.ttft', marked: '5', remedy: 'write it with a unit, like "5s"' },
      { at: '15:17', path: 'routes[0].candidates', marked: 'x', remedy: 'write a list: put it in [ ]' },
      { at: '16:15', path: 'routes[0].strategy', marked: 'fastest', remedy: 'write `fast`' },
      { at: '19:9', path: 'budgets[0].of', marked: 'teams', remedy: 'did you mean `team`?' },
    ],
  },
]

function refusalOf(yaml: string): ConfigError {
  try {
    parseConfig(yaml, {}, PROVIDERS, 'turnout.yaml')
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown
    throw thrown
  }
  throw new Error(`it loads: ${yaml}`)
}

/** What a terminal shows, each paragraph in one line without the excerpt. */
const paragraphs = ({ message }: ConfigError): string[] =>
  message.split('\n\n').map((paragraph) => paragraph.replace(/\n +\d+ \| [^]*$/, '').replace(/\n {2}/g, ' '))

t.test(
  'each mistake is told with its place, its path and what to write instead, in the order of the file',
  async (t) => {
    t.ok(MISTAKES.length >= 44, `${MISTAKES.length} mistakes`)
    for (const { mistake, yaml, told } of MISTAKES) {
      const refusal = refusalOf(yaml)
      const shown = paragraphs(refusal)
      t.equal(shown.length, told.length, mistake)
      told.forEach(({ at, path, remedy }, index) => {
        const where = `turnout.yaml${at === '' ? '' : `:${at}`}${path === '' ? '' : `: ${path}`}`
        t.ok(shown[index]?.startsWith(`${where}: `), `${mistake}: ${shown[index] ?? ''} begins with ${where}`)
        t.ok(shown[index]?.endsWith(`; ${remedy}`), `${mistake}: ${shown[index] ?? ''} ends with ${remedy}`)
      })
      for (const line of refusal.message.split('\n')) t.ok(line.length <= 80, `${mistake}: ${line}`)
    }
  },
)

t.test('the mark is under what is meant', async (t) => {
  for (const { mistake, yaml, told } of MISTAKES) {
    const lines = refusalOf(yaml).message.split('\n')
    const marks = lines.flatMap((line, index) => (/^ +\| +\^+$/.test(line) ? [[lines[index - 1]!, line] as const] : []))
    const marked = marks.map(([text, mark]) => text.slice(mark.indexOf('^'), mark.length))
    t.strictSame(
      marked,
      told.filter(({ at }) => at !== '').map((one) => one.marked),
      mistake,
    )
  }
})
