/** Inputs that only some engines understand: they reach the engine as they came, and what holds nothing at all does not. */
import t from 'tap'
import { CHAT_PATH, COMPLETIONS_PATH, EMBEDDINGS_PATH, errorOf, RERANK_PATH } from '../support/chat.ts'
import { rawPost } from '../support/raw-client.ts'
import { rig, singleRig } from '../support/rig.ts'

const PICTURE = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }
const PARTS = [PICTURE, { type: 'text', text: 'Represent the image' }]
const USER = { role: 'user', content: PARTS }

const TAKEN: readonly (readonly [name: string, path: string, body: object])[] = [
  ['vLLM: embeddings by messages', EMBEDDINGS_PATH, { messages: [USER], encoding_format: 'float' }],
  ['the same beside an input that is null', EMBEDDINGS_PATH, { input: null, messages: [USER] }],
  ['numbers of tokens', EMBEDDINGS_PATH, { input: [1, 2, 3] }],
  ['several lists of numbers', EMBEDDINGS_PATH, { input: [[1, 2], [3]] }],
  ['Jina: texts and pictures', EMBEDDINGS_PATH, { input: [{ text: 'a' }, { image: 'https://example.com/a.png' }] }],
  ['one object', EMBEDDINGS_PATH, { input: { text: 'a' } }],
  ['llama.cpp: a prompt with media', EMBEDDINGS_PATH, { input: { prompt_string: 'a', multimodal_data: ['iVBORw0KGgo='] } }],
  ['llama.cpp: content', EMBEDDINGS_PATH, { content: 'a' }],
  ['Cohere: texts', EMBEDDINGS_PATH, { texts: ['a'], input_type: 'search_query' }],
  ['Voyage: inputs', EMBEDDINGS_PATH, { inputs: [{ content: PARTS }] }],
  ['an empty text', EMBEDDINGS_PATH, { input: '' }],
  ['vLLM: documents as content', RERANK_PATH, { query: 'cat', documents: { content: [PICTURE] } }],
  ['documents that are contents', RERANK_PATH, { query: 'cat', documents: [{ content: PARTS }, 'a'] }],
  ['documents with texts and pictures', RERANK_PATH, { query: 'cat', documents: [{ text: 'a' }, { image: 'b' }] }],
  ['a query that is a content', RERANK_PATH, { query: { content: PARTS }, documents: ['a'] }],
  ['SGLang: a query of parts', RERANK_PATH, { query: PARTS, documents: [PARTS] }],
  ['TEI: texts', RERANK_PATH, { query: 'cat', texts: ['a', 'b'] }],
  ['NVIDIA: passages', RERANK_PATH, { query: { text: 'cat' }, passages: [{ text: 'a' }] }],
  ['vLLM: embedded prompts', COMPLETIONS_PATH, { prompt: null, prompt_embeds: 'AAAA', max_tokens: 8 }],
  ['several of them', COMPLETIONS_PATH, { prompt_embeds: ['AAAA', 'BBBB'] }],
  ['llama.cpp: a prompt object', COMPLETIONS_PATH, { prompt: { prompt_string: 'a <__media__>', multimodal_data: ['iVBO'] } }],
  ['several of them', COMPLETIONS_PATH, { prompt: [{ prompt_string: 'a', multimodal_data: [] }, 'b'] }],
  ['texts mixed with tokens', COMPLETIONS_PATH, { prompt: [12, 34, 'string', 56] }],
  ['numbers of tokens', COMPLETIONS_PATH, { prompt: [[1, 2], [3]] }],
  ['llama.cpp: a beginning and an end', COMPLETIONS_PATH, { input_prefix: 'def f(', input_suffix: ')' }],
  ['tools of unknown types', CHAT_PATH, { messages: [USER], tools: [{ type: 'web_search' }, { type: 'mcp', server: 'x' }] }],
  ['unknown roles and parts', CHAT_PATH, { messages: [{ role: 'critic', content: [{ type: 'video_url', video_url: {} }, 7, null] }] }],
  ['messages that are none', CHAT_PATH, { messages: ['a', null, 7] }],
  ['no messages', CHAT_PATH, { messages: [] }],
  ['nulls everywhere', CHAT_PATH, { messages: [{ role: 'user', content: null }], tools: null, stream: null, n: null, stop: null, response_format: null, tool_choice: null, max_tokens: null, logprobs: null, reasoning_effort: null, user: null }],
  ['odd types', CHAT_PATH, { messages: [USER], n: '1', max_tokens: '5', stop: 7, tools: 'none', logprobs: 2, metadata: [], response_format: 'json' }],
] // prettier-ignore

t.test('an engine gets what only it can judge, byte for byte', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const [name, path, body] of TAKEN) {
    const sent = JSON.stringify({ model: 'tiny', ...body })
    const answer = await rawPost(gateway.url, path, sent)
    await answer.complete
    t.equal(answer.status, 200, `${path}: ${name}`)
    t.equal(upstream.requests.at(-1)?.bytes.toString(), sent, name)
  }
  t.equal(upstream.requests.length, TAKEN.length)
  t.notMatch(gateway.logged(), /internal_error/)
})

t.test('what the engine says of it is what the caller gets', async (t) => {
  const body = { object: 'error', message: 'Expected a text.', type: 'BadRequestError', code: 422 }
  const { gateway } = await singleRig(t, { plan: { status: 422, body } })
  const answer = await rawPost(gateway.url, EMBEDDINGS_PATH, { model: 'tiny', input: { video: 'x' } })
  t.equal(answer.status, 422)
  t.match(errorOf(await answer.json()), { message: /Expected a text/, source: 'caller' })
})

t.test('a request that holds nothing is not sent', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const [path, body, param] of [
    [CHAT_PATH, {}, 'messages'],
    [CHAT_PATH, { messages: null }, 'messages'],
    [CHAT_PATH, { prompt: 'a' }, 'messages'],
    [COMPLETIONS_PATH, {}, 'prompt'],
    [COMPLETIONS_PATH, { prompt: null }, 'prompt'],
    [COMPLETIONS_PATH, { prompt: null, prompt_embeds: null }, 'prompt'],
    [EMBEDDINGS_PATH, {}, 'input'],
    [EMBEDDINGS_PATH, { input: null, messages: null }, 'input'],
    [EMBEDDINGS_PATH, { input: {} }, 'input'],
    [RERANK_PATH, { documents: ['a'] }, 'query'],
    [RERANK_PATH, { query: {}, documents: ['a'] }, 'query'],
    [RERANK_PATH, { query: 'a' }, 'documents'],
    [RERANK_PATH, { query: 'a', documents: {} }, 'documents'],
  ] as const) {
    const answer = await rawPost(gateway.url, path, { model: 'tiny', ...body })
    t.equal(answer.status, 400, JSON.stringify(body))
    t.match(errorOf(await answer.json()), { code: 'invalid_request', param })
  }
  t.equal(upstream.requests.length, 0)
})

t.test('null is absent, where a backend reads a field by another name', async (t) => {
  for (const kind of ['ollama', 'llamacpp', 'lmstudio', 'mistral', 'groq', 'vllm', 'sglang', 'deepseek', 'openai-compatible']) {
    const { gateway, upstreams } = await rig(t, { upstreams: { up: {} }, backend: { kind } })
    for (const [fields, most] of [
      [{ max_tokens: 50, max_completion_tokens: null }, 50],
      [{ max_completion_tokens: null, max_tokens: 50 }, 50],
      [{ max_tokens: null, max_completion_tokens: 60 }, 60],
      [{ max_completion_tokens: 60, max_tokens: null }, 60],
      [{ max_tokens: null, max_completion_tokens: null }, null],
      [{ max_completion_tokens: 60 }, 60],
    ] as const) {
      const body = { model: 'tiny', messages: [{ role: 'user', content: 'hi' }], stream: null, stream_options: null, ...fields }
      await (await rawPost(gateway.url, CHAT_PATH, body)).complete
      const got = JSON.parse(upstreams['up']!.requests.at(-1)!.bytes.toString()) as Record<string, number | null>
      t.equal(got['max_completion_tokens'] ?? got['max_tokens'] ?? null, most, `${kind}: ${JSON.stringify(fields)}`)
    }
    await gateway.close()
  }
}) // prettier-ignore
