/** A body that is translated has no backend that would refuse a member of a wrong type: the gateway does, and what is right passes. */
import t from 'tap'
import type { FormatName } from '../../src/core/format-names.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { formatRig } from '../support/format-rig.ts'
import { rawPost } from '../support/raw-client.ts'

interface Dialect {
  readonly path: string
  /** Its own bodies pass as they came, whatever is in them. */
  readonly own: FormatName
  readonly body: JsonObject
}

const CHAT: Dialect = {
  path: '/v1/chat/completions',
  own: 'openai-chat',
  body: { messages: [{ role: 'user', content: 'Hi' }] },
}
const MESSAGES: Dialect = {
  path: '/v1/messages',
  own: 'anthropic-messages',
  body: { max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }] },
}
const RESPONSES: Dialect = { path: '/v1/responses', own: 'openai-responses', body: { input: 'Hi' } }
const GEMINI: Dialect = {
  path: '/v1beta/models/MODEL:generateContent',
  own: 'gemini',
  body: { contents: [{ parts: [{ text: 'Hi' }] }] },
}
const OLLAMA: Dialect = {
  path: '/api/chat',
  own: 'ollama',
  body: { stream: false, messages: [{ role: 'user', content: 'Hi' }] },
}

const WRONG: readonly (readonly [dialect: Dialect, change: JsonObject, named: string])[] = [
  [CHAT, { tools: 'x' }, 'tools'],
  [CHAT, { max_tokens: '100' }, 'max_tokens'],
  [CHAT, { stop: [1] }, 'stop[0]'],
  [CHAT, { logprobs: 'yes' }, 'logprobs'],
  [CHAT, { top_logprobs: '2' }, 'top_logprobs'],
  [CHAT, { messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
  [CHAT, { messages: [{ role: 'user', content: ['Hi'] }] }, 'messages[0].content[0]'],
  [CHAT, { messages: [null] }, 'messages[0]'],
  [CHAT, { messages: [{ role: 'user', content: [{ type: 'text', text: 7 }] }] }, 'messages[0].content[0].text'],
  [CHAT, { response_format: 'json' }, 'response_format'],
  [MESSAGES, { system: 1 }, 'system'],
  [MESSAGES, { temperature: '1' }, 'temperature'],
  [MESSAGES, { tools: {} }, 'tools'],
  [MESSAGES, { stop_sequences: 'X' }, 'stop_sequences'],
  [MESSAGES, { thinking: true }, 'thinking'],
  [MESSAGES, { messages: [{ role: 'user', content: ['Hi'] }] }, 'messages[0].content[0]'],
  [RESPONSES, { instructions: 7 }, 'instructions'],
  [RESPONSES, { max_output_tokens: '7' }, 'max_output_tokens'],
  [RESPONSES, { tools: true }, 'tools'],
  [RESPONSES, { top_logprobs: '5' }, 'top_logprobs'],
  [RESPONSES, { text: { format: 'json' } }, 'text.format'],
  [RESPONSES, { input: [{ role: 'user', content: 7 }] }, 'input[0].content'],
  [GEMINI, { contents: [{ parts: [7] }] }, 'contents[0].parts[0]'],
  [GEMINI, { system_instruction: 7 }, 'system_instruction'],
  [GEMINI, { generationConfig: { stopSequences: 'X' } }, 'generationConfig.stopSequences'],
  [GEMINI, { generation_config: { max_output_tokens: true } }, 'generation_config.max_output_tokens'],
  [OLLAMA, { options: { num_predict: '7' } }, 'options.num_predict'],
  [OLLAMA, { options: { stop: [7] } }, 'options.stop[0]'],
  [OLLAMA, { tools: ['x'] }, 'tools[0]'],
]

/** Odd, and yet as the makers document it. */
const RIGHT: readonly (readonly [dialect: Dialect, change: JsonObject])[] = [
  [CHAT, { tools: null, stop: null, max_tokens: null, response_format: null, metadata: null }],
  [
    CHAT,
    {
      stop: 'X',
      messages: [
        { role: 'assistant', content: null },
        { role: 'user', content: 'Hi' },
      ],
    },
  ],
  [MESSAGES, { system: 'Be kind', tools: [], stop_sequences: [] }],
  [MESSAGES, { system: [{ type: 'text', text: 'Be kind', cache_control: null }] }],
  [RESPONSES, { instructions: null, tools: [], tool_choice: null, reasoning: null, text: null }],
  [RESPONSES, { input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }] }],
  [GEMINI, { system_instruction: { parts: { text: 'Be kind' } }, contents: { parts: { text: 'Hi' } } }],
  [GEMINI, { generationConfig: { maxOutputTokens: 7, stopSequences: [], responseSchema: null } }],
  [OLLAMA, { options: { stop: 'X' }, tools: null, keep_alive: 0 }],
]

/** What Google's JSON has: a number may be a text. */
const LIMIT = { generationConfig: { maxOutputTokens: '7' } }

const post = async (url: string, { path, body }: Dialect, model: string, change: JsonObject) => {
  const answer = await rawPost(url, path.replace('MODEL', model), { model, ...body, ...change })
  return { status: answer.status, text: (await answer.body()).toString() }
}

await t.test('a member of a wrong type is refused by name where the body is translated', async (t) => {
  const { gateway, upstream } = await formatRig(t)
  for (const [dialect, change, named] of WRONG)
    for (const format of ['openai-chat', 'anthropic-messages', 'gemini'] as const) {
      if (format === dialect.own) continue
      const { status, text } = await post(gateway.url, dialect, `${format}/parrot`, change)
      t.equal(status, 400, `${dialect.path} to ${format}: ${JSON.stringify(change)}`)
      t.match(text, `\`${named}\` must`)
    }
  t.equal(upstream.heard.length, 0, 'no backend was asked')
})

await t.test('what is odd and right is translated', async (t) => {
  const { gateway } = await formatRig(t)
  for (const [dialect, change] of RIGHT)
    for (const format of ['openai-chat', 'anthropic-messages', 'gemini'] as const) {
      const { status, text } = await post(gateway.url, dialect, `${format}/parrot`, change)
      t.equal(status, 200, `${dialect.path} to ${format}: ${JSON.stringify(change)} ${text}`)
    }
})

await t.test("a number that is written as a text in Google's form is the number", async (t) => {
  const { gateway, upstream } = await formatRig(t)
  const { status } = await post(gateway.url, GEMINI, 'anthropic-messages/parrot', LIMIT)
  t.equal(status, 200)
  t.equal(upstream.last().body['max_tokens'], 7)
})
