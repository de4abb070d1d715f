import t from 'tap'
import type { JsonObject } from '../../../src/core/json.ts'
import type { Seal } from '../../../src/core/prompt.ts'
import { composed, geminiRequest, openAIRequest } from './requests.ts'

const USER = { role: 'user', content: 'hi' }
const call = (id: string, name: string, args: string, more: object = {}): object => ({
  id,
  type: 'function',
  function: { name, arguments: args },
  ...more,
})
const sealed = (value: string): object => ({ extra_content: { google: { thought_signature: value } } })
const TOOL = { type: 'function', function: { name: 'f', description: 'F', parameters: { type: 'object' } } }

/** A chat, what Google is sent for it, and what is lost. */
const CASES: readonly (readonly [name: string, chat: object, sent: object, lossy?: readonly string[]])[] = [
  [
    'roles',
    {
      messages: [
        { role: 'system', content: 'Be' },
        { role: 'developer', content: 'brief' },
        USER,
        { role: 'assistant', content: 'yes' },
        { role: 'system', content: 'and kind' },
      ],
    },
    {
      systemInstruction: { parts: [{ text: 'Be' }, { text: 'brief' }] },
      contents: [
        { role: 'user', parts: [{ text: 'hi' }] },
        { role: 'model', parts: [{ text: 'yes' }] },
        { role: 'user', parts: [{ text: 'and kind' }] },
      ],
    },
  ],
  [
    'instructions alone',
    { messages: [{ role: 'system', content: 'Go' }] },
    { contents: [{ role: 'user', parts: [{ text: 'Go' }] }] },
  ],
  [
    'calls, and their results in one turn',
    {
      messages: [
        USER,
        { role: 'assistant', content: null, tool_calls: [call('a', 'f', '{"n":1}'), call('b', 'g', '')] },
        { role: 'tool', tool_call_id: 'b', content: '{"ok":true}' },
        { role: 'tool', tool_call_id: 'a', content: 'text' },
        { role: 'user', content: 'and?' },
      ],
    },
    {
      contents: [
        { role: 'user', parts: [{ text: 'hi' }] },
        {
          role: 'model',
          parts: [
            { functionCall: { id: 'a', name: 'f', args: { n: 1 } } },
            { functionCall: { id: 'b', name: 'g', args: {} } },
          ],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { id: 'b', name: 'g', response: { ok: true } } },
            { functionResponse: { id: 'a', name: 'f', response: { result: 'text' } } },
          ],
        },
        { role: 'user', parts: [{ text: 'and?' }] },
      ],
    },
  ],
  [
    'media',
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
            { type: 'image_url', image_url: { url: 'https://example.org/a.webp?x=1' } },
            { type: 'input_audio', input_audio: { data: 'AA==', format: 'mp3' } },
            { type: 'file', file: { file_data: 'data:application/pdf;base64,AA==', filename: 'a.pdf' } },
            { type: 'file', file: { file_id: 'file-1' } },
          ],
        },
      ],
    },
    {
      contents: [
        {
          role: 'user',
          parts: [
            { inlineData: { mimeType: 'image/png', data: 'AA==' } },
            { fileData: { mimeType: 'image/webp', fileUri: 'https://example.org/a.webp?x=1' } },
            { inlineData: { mimeType: 'audio/mp3', data: 'AA==' } },
            { inlineData: { mimeType: 'application/pdf', data: 'AA==', displayName: 'a.pdf' } },
          ],
        },
      ],
    },
    ['files'],
  ],
  [
    'tools and what must be called',
    {
      messages: [USER],
      tools: [TOOL],
      tool_choice: { type: 'function', function: { name: 'f' } },
      parallel_tool_calls: false,
    },
    {
      contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
      tools: [{ functionDeclarations: [{ name: 'f', description: 'F', parametersJsonSchema: { type: 'object' } }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
    },
    ['parallel calls'],
  ],
  [
    'wishes',
    {
      messages: [USER],
      ...{ temperature: 0.5, top_p: 0.9, n: 2, max_completion_tokens: 99, seed: 7, logprobs: true, top_logprobs: 3 },
      ...{ presence_penalty: 0.1, frequency_penalty: 0.2, stop: ['a'], service_tier: 'flex' },
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'boolean' } } },
    },
    {
      contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
      generationConfig: {
        ...{ temperature: 0.5, topP: 0.9, candidateCount: 2, maxOutputTokens: 99, stopSequences: ['a'], seed: 7 },
        ...{ presencePenalty: 0.1, frequencyPenalty: 0.2, responseLogprobs: true, logprobs: 3 },
        ...{ responseMimeType: 'application/json', responseJsonSchema: { type: 'boolean' } },
      },
      serviceTier: 'flex',
    },
  ],
  [
    'what has no place',
    {
      messages: [USER, { role: 'assistant', content: 'yes', reasoning_content: 'hm' }, USER],
      ...{ user: 'me', metadata: { a: 'b' }, logit_bias: { 1: 2 }, verbosity: 'low', service_tier: 'scale' },
      stop: ['1', '2', '3', '4', '5', '6'],
      response_format: { type: 'grammar' },
    },
    {
      contents: [
        { role: 'user', parts: [{ text: 'hi' }] },
        { role: 'model', parts: [{ text: 'yes' }] },
        { role: 'user', parts: [{ text: 'hi' }] },
      ],
      generationConfig: { stopSequences: ['1', '2', '3', '4', '5'] },
    },
    ['logit_bias', 'verbosity', 'user', 'metadata', 'thoughts', 'answer form', 'service_tier'],
  ],
]

for (const [name, chat, sent, lost = []] of CASES)
  t.test(name, async (t) => {
    const { body, lossy } = composed(openAIRequest(chat), 'gemini-2.5-flash')
    t.strictSame(body, sent)
    t.strictSame(lossy, lost)
  })

t.test('how hard to think, by generation', async (t) => {
  const told = (
    model: string,
    effort: string | null,
    chosen: 'none' | 'low' | 'medium' | 'high' | null = null,
  ): unknown =>
    composed(openAIRequest({ messages: [USER], ...(effort === null ? {} : { reasoning_effort: effort }) }), model, {
      effort: chosen,
    }).body['generationConfig']
  const budget = (thinkingBudget: number): object => ({ thinkingConfig: { thinkingBudget } })
  const level = (thinkingLevel: string): object => ({ thinkingConfig: { thinkingLevel } })
  for (const [model, effort, config] of [
    ['gemini-2.5-flash', 'none', budget(0)],
    ['gemini-2.5-flash', 'low', budget(1024)],
    ['gemini-2.5-flash', 'medium', budget(8192)],
    ['models/gemini-2.5-flash', 'xhigh', budget(24576)],
    ['gemini-2.5-flash-lite', 'low', budget(1024)],
    ['gemini-2.5-pro', 'none', budget(128)],
    ['gemini-3-flash-preview', 'none', level('minimal')],
    ['gemini-3-flash-preview', 'minimal', level('minimal')],
    ['gemini-3-flash-preview', 'medium', level('medium')],
    ['gemini-3-pro-preview', 'none', level('low')],
    ['gemini-3-pro-preview', 'medium', level('high')],
    ['gemini-3.1-pro', 'medium', level('medium')],
    ['gemini-flash-latest', 'high', level('high')],
    ['gemini-2.0-flash', 'high', undefined],
    ['gemma-3-27b-it', 'high', undefined],
  ] as const)
    t.strictSame(told(model, effort), config, `${model} ${effort}`)
  t.strictSame(told('gemini-2.5-flash', null, 'high'), budget(24576), 'what was chosen')
  t.strictSame(told('gemini-2.5-flash', 'low', 'high'), budget(1024), 'the word of the caller counts')
  t.strictSame(told('gemini-2.5-flash', null), undefined)
})

t.test(
  'a call goes back with its signature: from its place, from memory, or with the word that stands for none',
  async (t) => {
    const messages = [
      USER,
      { role: 'assistant', content: null, tool_calls: [call('a', 'f', '{}', sealed('b3du')), call('b', 'f', '{}')] },
      { role: 'tool', tool_call_id: 'a', content: '1' },
      { role: 'tool', tool_call_id: 'b', content: '2' },
      { role: 'assistant', content: null, tool_calls: [call('c', 'f', '{}')] },
      { role: 'tool', tool_call_id: 'c', content: '3' },
      { role: 'assistant', content: null, tool_calls: [call('d', 'f', '{}'), call('e', 'f', '{}')] },
      { role: 'tool', tool_call_id: 'd', content: '4' },
      { role: 'tool', tool_call_id: 'e', content: '5' },
    ]
    const kept: Readonly<Record<string, Seal>> = { c: { maker: 'gemini', value: 'a2VwdA==', id: null } }
    const signatures = (model: string): unknown[] => {
      const { body } = composed(openAIRequest({ messages }), model, { sealOf: (id) => kept[id] ?? null })
      const parts = (body['contents'] as readonly JsonObject[]).flatMap(({ parts }) => parts as readonly JsonObject[])
      return parts.filter((part) => part['functionCall'] !== undefined).map((part) => part['thoughtSignature'])
    }
    const SKIP = 'skip_thought_signature_validator'
    t.strictSame(signatures('gemini-3-pro-preview'), ['b3du', undefined, 'a2VwdA==', SKIP, undefined])
    t.strictSame(signatures('gemini-2.5-pro'), ['b3du', undefined, 'a2VwdA==', undefined, undefined])
  },
)

t.test('pictures in what a function gave', async (t) => {
  const picture = {
    functionResponse: {
      name: 'f',
      response: { output: 'see' },
      parts: [{ inlineData: { mimeType: 'image/png', data: 'AA==' } }],
    },
  }
  const contents = [
    { role: 'user', parts: [{ text: 'hi' }] },
    { role: 'model', parts: [{ functionCall: { name: 'f', args: {} } }] },
    { role: 'user', parts: [picture] },
  ]
  const { messages } = geminiRequest({ contents }).prompt.contents()
  t.match(messages.at(-1), { role: 'tool', parts: [{ kind: 'text', text: 'see' }, { kind: 'image' }] })
})

t.test('its own form passes byte for byte, but for the model, a limit and an effort', async (t) => {
  const body = { contents: [{ role: 'user', parts: [{ text: 'hi \\u00e9' }] }], odd_member: 1.0 }
  const plain = geminiRequest(body)
  t.strictSame(composed(plain, 'gemini-2.5-pro').body, body)
  const named = geminiRequest({ model: 'models/auto', ...body })
  t.strictSame(composed(named, 'gemini-2.5-pro').body, { model: 'models/gemini-2.5-pro', ...body })
  t.strictSame(composed(plain, 'gemini-2.5-pro', { maxTokens: 9 }).body, {
    ...body,
    generationConfig: { maxOutputTokens: 9 },
  })
  t.strictSame(composed(plain, 'gemini-2.5-pro', { effort: 'low' }).body, {
    ...body,
    generationConfig: { thinkingConfig: { thinkingBudget: 1024 } },
  })
  const own = {
    generation_config: { max_output_tokens: 5, thinking_config: { thinking_budget: 0, include_thoughts: true } },
  }
  const wishes = geminiRequest({ ...body, ...own })
  t.strictSame(composed(wishes, 'gemini-2.5-pro', { maxTokens: 9, effort: 'high' }).body, { ...body, ...own })
  t.strictSame(composed(wishes, 'gemini-2.5-pro', { maxTokens: 3 }).body, {
    ...body,
    generation_config: { ...own.generation_config, max_output_tokens: 3 },
  })
})
