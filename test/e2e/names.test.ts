/** Other spellings of names, and what the list of models says of each, over a socket. */
import type { Test } from 'tap'
import t from 'tap'
import { chat, CHAT_PATH, errorOf } from '../support/chat.ts'
import { hashed } from '../support/gateway.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor, rig } from '../support/rig.ts'

const MODELS = {
  a: ['gpt-4o', 'Qwen/Qwen3-8B', 'llama3:latest', 'Mixed', 'twin'],
  b: ['phi', 'MIXED', 'twin', 'Llama3'],
}

async function asking(t: Test, more: object = {}): Promise<(model: string, key?: string) => Promise<string>> {
  const { gateway } = await rig(t, {
    upstreams: { a: { models: MODELS.a }, b: { models: MODELS.b } },
    config: {
      models: { 'a/gpt-4o': { aliases: ['Smart'] } },
      routes: [
        { name: 'Coding', candidates: ['b/phi'] },
        { name: 'rule', match: { model: ['ruled-*'] }, candidates: ['b/phi'] },
      ],
      ...more,
    },
  })
  return async (model, key) => {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
    const answer = await rawPost(gateway.url, CHAT_PATH, chat({ model }), headers)
    const body = await answer.json()
    if (answer.status === 200) return `${answer.headers['x-turnout-backend']}/${answer.headers['x-turnout-model']}`
    const { code, message } = errorOf(body)
    return `${answer.status} ${code}: ${message}`
  }
}

t.test('a name in another spelling is found where it can mean one thing only', async (t) => {
  const ask = await asking(t)
  for (const [model, found] of [
    ['gpt-4o', 'a/gpt-4o'],
    ['GPT-4o', 'a/gpt-4o'],
    ['Gpt-4O', 'a/gpt-4o'],
    ['gpt-4o:latest', 'a/gpt-4o'],
    ['GPT-4O:Latest', 'a/gpt-4o'],
    ['qwen/qwen3-8b', 'a/Qwen/Qwen3-8B'],
    ['QWEN/QWEN3-8B:latest', 'a/Qwen/Qwen3-8B'],
    ['A/GPT-4o', 'a/gpt-4o'],
    ['A/qwen/qwen3-8b', 'a/Qwen/Qwen3-8B'],
    ['a/phi', null],
    ['B/PHI:latest', 'b/phi'],
    ['smart', 'a/gpt-4o'],
    ['SMART:latest', 'a/gpt-4o'],
    ['a/smart', 'a/gpt-4o'],
    ['coding', 'b/phi'],
    ['CODING', 'b/phi'],
    ['ruled-x', 'b/phi'],
    // What is written exactly so always wins.
    ['Mixed', 'a/Mixed'],
    ['MIXED', 'b/MIXED'],
    ['llama3', 'a/llama3:latest'],
    ['Llama3', 'b/Llama3'],
    ['llama3:latest', 'a/llama3:latest'],
    ['LLAMA3:LATEST', 'a/llama3:latest'],
    ['Llama3:latest', 'a/llama3:latest'],
    ['gpt-4', null],
    ['gpt-4o:8b', null],
    ['none', null],
    ['AUTO', null],
  ] as const) {
    const got = await ask(model)
    if (found === null) t.match(got, /^404 model_not_found: /, model)
    else t.equal(got, found, model)
  }
  t.match(await ask('TWIN'), /^[ab]\/twin$/, 'one name on two backends is one')
})

t.test('where several are meant it is not found, and the message names them', async (t) => {
  const ask = await asking(t)
  for (const model of ['mixed', 'mIXED', 'mixed:latest'])
    t.match(await ask(model), /^404 model_not_found: ".*" may be Mixed or MIXED; write one of them\.$/, model)
  t.match(await ask('LLAMA3'), /^404 model_not_found: "LLAMA3" may be llama3 or Llama3; write one of them\.$/)
})

t.test('names that a key may not use are none, in whatever spelling', async (t) => {
  const ask = await asking(t, {
    keys: [
      { id: 'bound', hash: hashed('sk-bound'), routes: ['own'] },
      { id: 'all', hash: hashed('sk-all') },
    ],
    routes: [{ name: 'own', candidates: ['a/Mixed', 'b/phi'] }],
  })
  t.equal(await ask('mixed', 'sk-bound'), 'a/Mixed', 'the other one is none of its names')
  t.match(await ask('mixed', 'sk-all'), /may be Mixed or MIXED/)
  t.equal(await ask('PHI', 'sk-bound'), 'b/phi')
  const refused = await ask('GPT-4O', 'sk-bound')
  t.match(refused, /^404 model_not_found: /)
  t.notMatch(refused, /gpt-4o\b(?!")/, 'nor is it told that there is one')
})

interface Entry {
  readonly id: string
  readonly context_length: number | null
  readonly architecture: { readonly modality: string; readonly output_modalities: readonly string[] }
  readonly supported_parameters: readonly string[]
}

t.test('the list tells names as what they are', async (t) => {
  const gateway = await gatewayFor(t, {
    backends: [
      {
        name: 'lc',
        kind: 'llamacpp',
        url: 'http://127.0.0.1:9',
        models: ['small', 'nomic-embed-text', 'bge-reranker'],
      },
      { name: 'vl', kind: 'vllm', url: 'http://127.0.0.1:9', models: ['big', 'small'] },
      { name: 'ge', kind: 'openai-compatible', url: 'http://127.0.0.1:9', models: ['plain', 'whisper-1'] },
    ],
    models: {
      'lc/small': { context: 8192 },
      'vl/small': { context: 16384 },
      big: { context: 131072, capabilities: { vision: true, tools: true } },
      'nomic-embed-text': { context: 1000000 },
      'bge-reranker': { context: 512 },
    },
    routes: [
      { name: 'vectors', candidates: ['*embed*'] },
      { name: 'ranks', candidates: ['*rerank*'] },
      { name: 'mixed', candidates: ['lc/*'] },
      { name: 'local', candidates: ['lc/small', 'ge/plain'] },
    ],
  })
  const { data } = (await (await fetch(`${gateway.url}/v1/models`)).json()) as { data: Entry[] }
  const of = (id: string): Entry => data.find((one) => one.id === id)!
  const CHAT = ['max_tokens', 'temperature', 'top_p', 'stop', 'stream']
  const SKILLS = ['response_format', 'structured_outputs', 'logprobs', 'top_logprobs']
  const TOOLS = ['tools', 'tool_choice']
  for (const [id, modality, context, parameters] of [
    ['auto', 'text+image->text', 131072, [...CHAT, ...TOOLS, ...SKILLS]],
    ['vectors', 'text->embeddings', 1000000, ['dimensions', 'encoding_format']],
    ['ranks', 'text->rerank', 512, ['top_n', 'return_documents']],
    ['mixed', 'text->text', 8192, [...CHAT, ...TOOLS, ...SKILLS]],
    ['local', 'text->text', 8192, [...CHAT, ...TOOLS, ...SKILLS]],
    ['nomic-embed-text', 'text->embeddings', 1000000, ['dimensions', 'encoding_format']],
    ['bge-reranker', 'text->rerank', 512, ['top_n', 'return_documents']],
    ['small', 'text->text', 16384, [...CHAT, ...TOOLS, ...SKILLS]],
    ['big', 'text+image->text', 131072, [...CHAT, ...TOOLS, ...SKILLS]],
    ['plain', 'text->text', null, CHAT],
    ['whisper-1', 'text->text', null, []],
  ] as const) {
    const { context_length, architecture, supported_parameters } = of(id)
    t.equal(architecture.modality, modality, id)
    t.strictSame(architecture.output_modalities, [modality.split('->')[1]], id)
    t.equal(context_length, context, id)
    t.strictSame(
      supported_parameters.filter((one) => one !== 'reasoning_effort'),
      parameters,
      id,
    )
  }
  for (const [asked, id] of [
    ['SMALL', 'small'],
    ['auto:fast', 'auto'],
    ['lc/small', 'mixed'],
  ] as const) {
    const one = (await (await fetch(`${gateway.url}/v1/models/${asked}`)).json()) as Entry
    t.equal(one.context_length, of(id).context_length, asked)
    t.equal(one.architecture.modality, of(id).architecture.modality, asked)
  }
})
