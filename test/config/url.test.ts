import t from 'tap'
import { callUrl, toBackendSpec } from '../../src/config/backend.ts'
import { PROVIDERS, refusal } from './load.ts'

const rootOf = (kind: string, url?: string): string =>
  toBackendSpec({ name: 'a', ...(url === undefined ? {} : { url }) }, PROVIDERS.get(kind)!).root

const SAME: readonly (readonly [kind: string, root: string, spellings: readonly string[]])[] = [
  ['vllm', 'http://gpu:8000', ['http://gpu:8000', 'http://gpu:8000/', 'http://gpu:8000/v1', 'http://gpu:8000/v1//']],
  ['vllm', 'http://gpu:8000', ['HTTP://GPU:8000/v1', 'http://gpu:8000//v1/']],
  ['openai', 'https://api.openai.com', ['https://api.openai.com/v1/', 'https://api.openai.com:443']],
  [
    'groq',
    'https://api.groq.com',
    ['https://api.groq.com', 'https://api.groq.com/openai/v1/', 'https://api.groq.com/v1'],
  ],
  ['openrouter', 'https://openrouter.ai', ['https://openrouter.ai/api/v1', 'https://openrouter.ai/api/']],
  [
    'gemini',
    'https://generativelanguage.googleapis.com',
    [
      'https://generativelanguage.googleapis.com/v1beta/openai/',
      'https://generativelanguage.googleapis.com/v1beta',
      'https://generativelanguage.googleapis.com',
    ],
  ],
  [
    'azure',
    'https://res.openai.azure.com',
    ['https://res.openai.azure.com/openai/v1/', 'https://res.openai.azure.com/', 'https://res.openai.azure.com/openai'],
  ],
  ['openai-compatible', 'https://proxy/team/llm', ['https://proxy/team/llm/v1', 'https://proxy/team/llm/']],
  ['vllm', 'http://[::1]:8000', ['http://[::1]:8000/v1', 'http://[0:0::1]:8000/']],
]

t.test('every spelling of an address is one root', async (t) => {
  for (const [kind, root, spellings] of SAME)
    for (const url of spellings) t.equal(rootOf(kind, url), root, `${kind} ${url}`)
})

t.test('clouds have an address of their own', async (t) => {
  for (const [kind, { url }] of PROVIDERS) if (url !== null) t.equal(rootOf(kind), url, kind)
})

const FORBIDDEN = [
  'http://169.254.169.254',
  'http://169.254.169.254./',
  'http://2852039166/v1',
  'http://0xa9fea9fe',
  'http://0xA9.0xFE.0xA9.0xFE',
  'http://0251.0376.0251.0376',
  'http://169.254.43518',
  'http://１６９.254.169.254',
  'http://169.254.170.2',
  'http://100.100.100.200',
  'http://[::ffff:169.254.169.254]',
  'http://[::ffff:a9fe:a9fe]',
  'http://[::ffff:100.100.100.200]',
  'http://[::169.254.169.254]',
  'http://[64:ff9b::169.254.169.254]',
  'http://[fe80::1]',
  'http://[FEBF:0:0:0:0:0:0:1]:8000',
  'http://[fd00:ec2::254]',
  'http://[fd00:0ec2:0:0:0:0:0:0254]',
  'http://metadata.google.internal',
  'http://METADATA.google.internal./v1',
  'http://metadata',
]

t.test('link-local and metadata addresses are refused in every spelling', async (t) => {
  for (const url of FORBIDDEN)
    t.match(
      refusal(`backends: [{ name: a, kind: vllm, url: '${url}' }]`),
      /^backends\[0\]\.url: .*link-local or metadata/,
      url,
    )
})

t.test('neighbours of them are not', async (t) => {
  for (const url of [
    'http://169.253.1.1',
    'http://100.100.100.201',
    'http://[fec0::1]',
    'http://[fd00::1]',
    'http://metadata.example.org',
  ])
    t.equal(refusal(`backends: [{ name: a, kind: vllm, url: '${url}' }]`), '', url)
})

t.test('the address of an endpoint is refused with the root in the message', async (t) => {
  const ENDS: readonly (readonly [kind: string, url: string, root: string])[] = [
    ['vllm', 'http://gpu:8000/v1/chat/completions', 'http://gpu:8000'],
    ['vllm', 'http://gpu:8000/v1/completions/', 'http://gpu:8000'],
    ['vllm', 'http://gpu:8000/chat/completions', 'http://gpu:8000'],
    ['openai-compatible', 'https://proxy/team/v1/models', 'https://proxy/team'],
    ['groq', 'https://api.groq.com/openai/v1/chat/completions', 'https://api.groq.com'],
    ['azure', 'https://res.openai.azure.com/openai/v1/embeddings', 'https://res.openai.azure.com'],
    [
      'gemini',
      'https://generativelanguage.googleapis.com/v1beta/openai/chat/completions',
      'https://generativelanguage.googleapis.com',
    ],
  ]
  for (const [kind, url, root] of ENDS)
    t.throws(() => rootOf(kind, url), { message: new RegExp(`^ends in .*write "${root}"$`) }, url)
  t.equal(
    rootOf('openai-compatible', 'https://x.services.ai.azure.com/models'),
    'https://x.services.ai.azure.com/models',
  )
})

const calls = (kind: string, url: string, path_as_is = false): string =>
  callUrl(toBackendSpec({ name: 'a', url, path_as_is }, PROVIDERS.get(kind)!))

t.test(
  'a path that ends in a version is taken as it is, and so is one that the operator says is complete',
  async (t) => {
    const generic = 'openai-compatible'
    for (const [kind, url, called] of [
    [generic, 'https://api.z.ai/api/coding/paas/v4', 'https://api.z.ai/api/coding/paas/v4/chat/completions'],
    [generic, 'https://api.z.ai/api/paas/v4/', 'https://api.z.ai/api/paas/v4/chat/completions'],
    [generic, 'https://ark.example.com/api/v3', 'https://ark.example.com/api/v3/chat/completions'],
    [generic, 'https://qianfan.example.com/v2', 'https://qianfan.example.com/v2/chat/completions'],
    [generic, 'https://x.example.com/llm/v1beta2//', 'https://x.example.com/llm/v1beta2/chat/completions'],
    [generic, 'https://x.example.com/v1.1', 'https://x.example.com/v1.1/chat/completions'],
    [generic, 'https://x.example.com/api/v10', 'https://x.example.com/api/v10/chat/completions'],
    ['vllm', 'http://gpu:8000/api/v3', 'http://gpu:8000/api/v3/chat/completions'],
    ['groq', 'https://proxy.example.com/groq/v2', 'https://proxy.example.com/groq/v2/chat/completions'],
    [generic, 'http://host:9000', 'http://host:9000/v1/chat/completions'],
    [generic, 'http://host:9000/v1', 'http://host:9000/v1/chat/completions'],
    [generic, 'https://proxy/team/llm', 'https://proxy/team/llm/v1/chat/completions'],
    [generic, 'https://proxy/vault', 'https://proxy/vault/v1/chat/completions'],
    [generic, 'https://proxy/v2ray-llm', 'https://proxy/v2ray-llm/v1/chat/completions'],
    ['gemini', 'https://generativelanguage.googleapis.com/v1beta', 'https://generativelanguage.googleapis.com/v1beta/models/{model}:generateContent'],
    // Known to have none.
    [generic, 'https://models.github.ai/inference', 'https://models.github.ai/inference/chat/completions'],
    [generic, 'https://models.github.ai/orgs/acme/inference/', 'https://models.github.ai/orgs/acme/inference/chat/completions'],
    [generic, 'https://models.inference.ai.azure.com', 'https://models.inference.ai.azure.com/chat/completions'],
    [generic, 'https://api.perplexity.ai', 'https://api.perplexity.ai/chat/completions'],
    [generic, 'https://api.deepinfra.com/v1/openai', 'https://api.deepinfra.com/v1/openai/chat/completions'],
    [generic, 'https://dbc-1.cloud.databricks.com/serving-endpoints', 'https://dbc-1.cloud.databricks.com/serving-endpoints/chat/completions'],
    [generic, 'https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/l/endpoints/openapi', 'https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/l/endpoints/openapi/chat/completions'],
  ] as const) t.equal(calls(kind, url), called, url) // prettier-ignore
    for (const [url, called] of [
      ['https://proxy/team/llm', 'https://proxy/team/llm/chat/completions'],
      ['https://proxy/team/llm/v1/', 'https://proxy/team/llm/v1/chat/completions'],
      ['http://host:9000', 'http://host:9000/chat/completions'],
      ['http://openwebui:3000/api', 'http://openwebui:3000/api/chat/completions'],
    ] as const)
      t.equal(calls(generic, url, true), called, url)
  },
)

t.test('the address of an endpoint behind another version names that version', async (t) => {
  for (const [url, root] of [
    ['https://api.z.ai/api/coding/paas/v4/chat/completions', 'https://api.z.ai/api/coding/paas/v4'],
    ['https://ark.example.com/api/v3/embeddings', 'https://ark.example.com/api/v3'],
    ['https://ark.example.com/api/v3/models/', 'https://ark.example.com/api/v3'],
    ['https://models.github.ai/inference/chat/completions', 'https://models.github.ai/inference'],
  ] as const)
    t.throws(() => calls('openai-compatible', url), { message: new RegExp(`^ends in .*write "${root}"$`) }, url)
})
