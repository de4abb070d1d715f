import t from 'tap'
import type { Contents } from '../../../src/core/prompt.ts'
import { geminiRequest, URLS } from './requests.ts'

const said = (text: string): object => ({ kind: 'text', text, cache: null })
const HI = { role: 'user', parts: [{ text: 'hi' }] }

/** What each member is read as. */
const CASES: readonly (readonly [name: string, body: object, contents: object])[] = [
  [
    'instructions and turns',
    {
      systemInstruction: { parts: [{ text: 'Be' }, { text: 'brief' }] },
      contents: [HI, { role: 'model', parts: [{ text: 'yes' }] }],
    },
    {
      messages: [
        { role: 'system', parts: [said('Be'), said('brief')] },
        { role: 'user', parts: [said('hi')] },
        { role: 'assistant', parts: [said('yes')] },
      ],
      unsaid: [],
    },
  ],
  [
    'names in snake_case',
    {
      system_instruction: { parts: [{ text: 'Be brief' }] },
      contents: [{ role: 'user', parts: [{ inline_data: { mime_type: 'image/png', data: 'AA==' } }] }],
      generation_config: {
        max_output_tokens: 5,
        top_p: 0.5,
        stop_sequences: ['x'],
        thinking_config: { include_thoughts: true },
      },
      tools: [{ function_declarations: [{ name: 'f', parameters_json_schema: { type: 'object' } }] }],
      tool_config: { function_calling_config: { mode: 'ANY', allowed_function_names: ['f'] } },
    },
    {
      messages: [
        { role: 'system', parts: [said('Be brief')] },
        { role: 'user', parts: [{ kind: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AA==' } }] },
      ],
      sampling: { maxOutput: 5, topP: 0.5 },
      stop: ['x'],
      thinking: { effort: null, budget: null, shown: 'summary' },
      tools: [{ name: 'f', schema: { type: 'object' } }],
      toolChoice: { name: 'f' },
      unsaid: [],
    },
  ],
  [
    'one content, and instructions as a text',
    { systemInstruction: 'Be brief', contents: { parts: { text: 'hi' } } },
    { messages: [{ role: 'system', parts: [said('Be brief')] }, { role: 'user' }] },
  ],
  [
    'calls and results without ids, matched by name and order',
    {
      contents: [
        HI,
        {
          role: 'model',
          parts: [
            { functionCall: { name: 'a', args: { n: 1 } }, thoughtSignature: 'c2ln' },
            { functionCall: { name: 'b', args: {} } },
            { functionCall: { name: 'a' } },
          ],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { name: 'b', response: { output: 'B' } } },
            { functionResponse: { name: 'a', response: { n: 1 } } },
            { functionResponse: { name: 'a', response: { error: 'no' } } },
            { text: 'and now?' },
          ],
        },
      ],
    },
    {
      messages: [
        { role: 'user' },
        {
          role: 'assistant',
          parts: [
            { kind: 'call', id: 'call_0', name: 'a', arguments: '{"n":1}', seal: { maker: 'gemini', value: 'c2ln' } },
            { kind: 'call', id: 'call_1', name: 'b', arguments: '{}', seal: null },
            { kind: 'call', id: 'call_2', name: 'a', arguments: '{}', seal: null },
          ],
        },
        { role: 'tool', parts: [said('B')], result: { id: 'call_1', name: 'b', failed: false } },
        { role: 'tool', parts: [said('{"n":1}')], result: { id: 'call_0', name: 'a', failed: false } },
        { role: 'tool', parts: [said('no')], result: { id: 'call_2', name: 'a', failed: true } },
        { role: 'user', parts: [said('and now?')], result: null },
      ],
    },
  ],
  [
    'a result that is named by an id of the client',
    {
      contents: [
        HI,
        { role: 'model', parts: [{ functionCall: { name: 'a', args: {} } }, { functionCall: { id: 'x', name: 'a' } }] },
        {
          role: 'user',
          parts: [
            { functionResponse: { id: 'x', name: 'a', response: { result: 'second' } } },
            { functionResponse: { id: 'own-1', name: 'a', response: { result: 'first' } } },
          ],
        },
      ],
    },
    {
      messages: [
        {},
        { parts: [{ id: 'call_0' }, { id: 'x' }] },
        { parts: [said('second')], result: { id: 'x' } },
        { parts: [said('first')], result: { id: 'call_0' } },
      ],
    },
  ],
  [
    'thoughts that come in parts are sealed at their end',
    {
      contents: [
        HI,
        {
          role: 'model',
          parts: [
            { text: 'let ', thought: true },
            { text: 'me', thought: true, thoughtSignature: 'c2ln' },
            { text: 'yes', thoughtSignature: 'b25l' },
          ],
        },
      ],
    },
    {
      messages: [
        {},
        {
          parts: [
            { kind: 'thought', text: 'let me', seal: { value: 'c2ln' } },
            said('yes'),
            { kind: 'thought', text: '', seal: { value: 'b25l' } },
          ],
        },
      ],
    },
  ],
  [
    'media',
    {
      contents: [
        {
          role: 'user',
          parts: [
            { inlineData: { mimeType: 'audio/mp3', data: 'AA==' } },
            { inlineData: { mimeType: 'application/pdf', data: 'AA==', displayName: 'a.pdf' } },
            { fileData: { mimeType: 'image/png', fileUri: 'https://example.org/a.png' } },
            {
              fileData: { mimeType: 'video/mp4', fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/a' },
            },
          ],
        },
      ],
    },
    {
      messages: [
        {
          parts: [
            { kind: 'audio', source: { kind: 'data', mediaType: 'audio/mp3' } },
            { kind: 'file', name: 'a.pdf' },
            { kind: 'image', source: { kind: 'url', url: 'https://example.org/a.png' } },
            { kind: 'file', source: { kind: 'id' } },
          ],
        },
      ],
    },
  ],
  [
    'schemas in the subset of OpenAPI',
    {
      contents: [HI],
      tools: [
        {
          functionDeclarations: [
            {
              name: 'f',
              parameters: {
                type: 'OBJECT',
                properties: {
                  type: { type: 'STRING', nullable: true, enum: ['a'] },
                  list: { type: 'ARRAY', items: { type: 'NUMBER' }, minItems: '2', propertyOrdering: ['x'] },
                  either: { any_of: [{ type: 'INTEGER' }, { type: 'STRING', format: 'date' }] },
                },
                required: ['type'],
                propertyOrdering: ['type', 'list'],
              },
            },
          ],
        },
      ],
      generationConfig: { responseMimeType: 'application/json', responseSchema: { type: 'BOOLEAN' } },
    },
    {
      tools: [
        {
          schema: {
            type: 'object',
            properties: {
              type: { type: ['string', 'null'], enum: ['a', null] },
              list: { type: 'array', items: { type: 'number' }, minItems: 2 },
              either: { anyOf: [{ type: 'integer' }, { type: 'string', format: 'date' }] },
            },
            required: ['type'],
          },
        },
      ],
      answer: { form: 'json_schema', schema: { type: 'boolean' } },
    },
  ],
  [
    'wishes',
    {
      contents: [HI],
      generationConfig: {
        ...{ temperature: 0.5, topP: 0.9, topK: 40, candidateCount: 2, maxOutputTokens: 99, seed: 7 },
        ...{ presencePenalty: 0.1, frequencyPenalty: 0.2, responseLogprobs: true, logprobs: 3 },
        ...{ stopSequences: ['a', 'b'], responseMimeType: 'application/json' },
        thinkingConfig: { thinkingLevel: 'MINIMAL', includeThoughts: false },
      },
      labels: { team: 'a' },
      serviceTier: 'standard',
    },
    {
      sampling: {
        ...{ temperature: 0.5, topP: 0.9, topK: 40, choices: 2, maxOutput: 99, seed: 7 },
        ...{ presencePenalty: 0.1, frequencyPenalty: 0.2 },
      },
      logprobs: 3,
      stop: ['a', 'b'],
      answer: { form: 'json_object', schema: null },
      thinking: { effort: 'minimal', budget: null, shown: 'hidden' },
      metadata: { team: 'a' },
      serviceTier: 'default',
      unsaid: [],
      native: [],
    },
  ],
  [
    'budgets of thought',
    { contents: [HI], generationConfig: { thinkingConfig: { thinkingBudget: 512 } } },
    { thinking: { effort: null, budget: 512, shown: null } },
  ],
  [
    'no thought',
    { contents: [HI], generationConfig: { thinkingConfig: { thinkingBudget: 0 } } },
    { thinking: { effort: 'none', budget: 0 } },
  ],
  [
    'as much thought as the model likes',
    { contents: [HI], generationConfig: { thinkingConfig: { thinkingBudget: -1 } } },
    { thinking: { effort: 'adaptive', budget: null } },
  ],
  [
    'what only Google runs, and what nobody else knows',
    {
      contents: [
        { role: 'user', parts: [{ text: 'hi', videoMetadata: { fps: 1 } }, { executableCode: { code: '1' } }] },
      ],
      tools: [{ googleSearch: {} }, { code_execution: {} }, { urlContext: {}, functionDeclarations: [{ name: 'f' }] }],
      toolConfig: { functionCallingConfig: { mode: 'VALIDATED' }, retrievalConfig: {} },
      safetySettings: [],
      cachedContent: 'cachedContents/a',
      generationConfig: { responseModalities: ['TEXT', 'IMAGE'], speechConfig: {} },
    },
    {
      native: [
        ...['tools.googleSearch', 'tools.codeExecution', 'tools.urlContext'],
        ...['generationConfig.responseModalities', 'cachedContent'],
      ],
      toolChoice: 'auto',
      unsaid: [
        ...['safetySettings', 'cachedContent', 'generationConfig.speechConfig', 'parts.videoMetadata'],
        ...['parts.executableCode', 'toolConfig.retrievalConfig', 'functionCallingConfig.mode'],
      ],
    },
  ],
]

for (const [name, body, contents] of CASES)
  t.test(name, async (t) => t.match(geminiRequest(body).prompt.contents(), contents))

t.test('model and delivery stand in the path', async (t) => {
  for (const [url, model, stream] of [
    [URLS.whole, 'tiny', false],
    [URLS.events, 'tiny', true],
    [URLS.array, 'tiny', true],
    ['/v1beta/models/up%2Fqwen3:8b:generateContent?key=x', 'up/qwen3:8b', false],
    ['/v1beta/models/up/qwen3:8b:streamGenerateContent?%24alt=sse&key=x', 'up/qwen3:8b', true],
  ] as const)
    t.match(geminiRequest({ contents: [HI] }, url), { model, stream }, url)
})

t.test('a body without contents is refused by name', async (t) => {
  for (const body of [{}, { contents: [] }, { contents: 'hi' }, { contents: ['hi'] }])
    t.throws(() => geminiRequest(body), { code: 'invalid_request', param: 'contents' })
  t.throws(() => geminiRequest({ contents: [HI] }, '/v1beta/models/:generateContent'), { message: /names no model/ })
})

t.test('a conversation is the same one, whatever ids its calls have', async (t) => {
  const turn = (id: object): Contents =>
    geminiRequest({
      contents: [HI, { role: 'model', parts: [{ functionCall: { ...id, name: 'a', args: { n: 1 } } }] }],
    }).prompt.contents()
  const prints = [{}, { id: 'one' }, { id: 'two' }].map((id) => {
    const { prompt } = geminiRequest({
      contents: [HI, { role: 'model', parts: [{ functionCall: { ...id, name: 'a', args: { n: 1 } } }] }],
    })
    return [prompt.fingerprintOf(1), prompt.callsOf(1)?.what]
  })
  t.strictSame(prints[1], prints[0])
  t.strictSame(prints[2], prints[0])
  t.equal(turn({}).messages.length, 2)
})
