import t from 'tap'
import { BODIES, CHAT_PATH, COMPLETIONS_PATH, EMBEDDINGS_PATH, RERANK_PATH } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import { rawPost, type RawResponse } from '../support/raw-client.ts'
import { type Refusal, REFUSALS } from '../support/refusals.ts'
import { rig } from '../support/rig.ts'

/** Each refusal over sockets, by a model of its own of one backend: who is asked next, and who rests. */
const SCHEMA = { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } }
const TOOLS = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }]
const IMAGE = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }
const ASKED: Readonly<Record<string, object>> = {
  vision: { messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }, IMAGE] }] },
  tools: { tools: TOOLS },
  tool_choice: { tools: TOOLS, tool_choice: 'required' },
  functions: { functions: [{ name: 'f', parameters: { type: 'object' } }] },
  json_schema: { response_format: SCHEMA },
  logprobs: { logprobs: true },
  top_logprobs: { logprobs: true, top_logprobs: 20 },
  best_of: { best_of: 3 },
  echo: { echo: true },
  prompt_embeds: { prompt_embeds: 'AAAA' },
  reasoning: { reasoning_effort: 'high' },
  'role:system': {
    messages: [
      { role: 'system', content: 'x' },
      { role: 'user', content: 'y' },
    ],
  },
  presence_penalty: { presence_penalty: 0.5 },
  temperature: { temperature: 0.5 },
  top_p: { top_p: 0.5 },
  top_k: { top_k: 5 },
  min_p: { min_p: 0.1 },
  verbosity: { verbosity: 'low' },
  frequency_penalty: { frequency_penalty: 0.5 },
  prefill: {
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: 'y' },
    ],
  },
  max_tokens: { max_tokens: 9000 },
  stream: { stream: true },
}
const PATHS: Readonly<Record<string, string>> = {
  completions: COMPLETIONS_PATH,
  embeddings: EMBEDDINGS_PATH,
  rerank: RERANK_PATH,
}

const failing = ({ status, body }: Refusal): Plan => ({ status, body })
const models = REFUSALS.map((_, index) => `m${index}`)

t.test('who is asked next, who is remembered, and who rests', async (t) => {
  const { gateway, upstreams } = await rig(t, {
    upstreams: {
      a: {
        models: [...models, 'other'],
        byModel: Object.fromEntries(REFUSALS.map((row, i) => [`m${i}`, failing(row)])),
      },
      b: { models: [...models, 'other'] },
    },
    config: {
      models: Object.fromEntries(
        REFUSALS.flatMap(({ lack }, i) =>
          lack === 'embeddings' || lack === 'rerank' ? [[`m${i}`, { capabilities: { [lack]: true } }]] : [],
        ),
      ),
      routes: [...models, 'other'].map((model) => ({
        name: `route-${model}`,
        candidates: [`a/${model}`, `b/${model}`],
        strategy: 'ordered',
      })),
    },
  })
  const ask = async (model: string, path: string, more: object): Promise<RawResponse> => {
    const response = await rawPost(gateway.url, path, { ...BODIES[path], ...more, model: `route-${model}` })
    await response.complete
    return response
  }
  const calls = (model: string): number => upstreams.a!.requests.filter(({ json }) => json?.model === model).length
  for (const [index, { from, code, lack, ofValue, about }] of REFUSALS.entries()) {
    if (about === 'backend') continue
    const model = `m${index}`
    const path = PATHS[lack ?? ''] ?? CHAT_PATH
    const asked = ASKED[lack ?? ''] ?? {}
    const name = `${from}: ${code}, ${lack ?? about}`
    const first = await ask(model, path, asked)
    if (code === 'invalid_request' || code === 'content_filter') {
      t.equal(first.status >= 400 && first.status < 500, true, name)
      t.equal(first.headers['x-turnout-backend'] ?? 'a', 'a', `${name}: asked of nobody else`)
      t.equal(upstreams.b!.requests.filter(({ json }) => json?.model === model).length, 0, `${name}: sent to b`)
    } else if (code !== 'context_length_exceeded') {
      t.equal(first.headers['x-turnout-backend'], 'b', `${name}: the next one answers`)
    }
    if (code === 'upstream_cannot' && lack !== null) {
      const before = calls(model)
      await ask(model, path, asked)
      t.equal(calls(model), before, `${name}: remembered`)
      if (ofValue && lack === 'temperature') await ask(model, path, { temperature: 1 })
      if (ofValue && lack === 'temperature') t.equal(calls(model), before + 1, `${name}: other values are not refused`)
    }
    t.equal((await ask('other', CHAT_PATH, {})).headers['x-turnout-backend'], 'a', `${name}: the backend goes on`)
  }
})
