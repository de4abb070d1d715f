import t from 'tap'
import { MESSAGES } from '../../../src/core/endpoints.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import type { Contents, Message, Part } from '../../../src/core/prompt.ts'
import { CALLER } from '../../../src/formats/anthropic/caller.ts'
import { contentsOf } from '../../../src/formats/anthropic/contents.ts'
import { messagesRequest } from '../../support/messages.ts'

const HI: JsonObject = { role: 'user', content: 'Hi' }
const read = (body: JsonObject): Contents => contentsOf({ messages: [HI], ...body })
const text = (words: string, ttl?: string | null): Part => ({
  kind: 'text',
  text: words,
  cache: ttl === undefined ? null : { ttl },
})
const said = (role: Message['role'], ...parts: readonly Part[]): Message => ({ role, parts, name: null, result: null })
const result = (id: string, failed: boolean, ...parts: readonly Part[]): Message => ({
  role: 'tool',
  parts,
  name: null,
  result: { id, name: null, failed },
})
const medium = (kind: 'image' | 'file', source: object, name: string | null = null): Part =>
  ({ kind, source, name, detail: null, cache: null }) as Part

const BILLING = 'x-anthropic-billing-header: cc_version=2.1.197.695; cc_entrypoint=sdk-cli; cch=a1b2;'
const PNG = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }
const PNG_PART = medium('image', { kind: 'data', mediaType: 'image/png', data: 'AAAA' })

const MESSAGE_CASES: readonly (readonly [
  name: string,
  body: JsonObject,
  messages: readonly Message[],
  unsaid?: readonly string[],
])[] = [
  ['a text', {}, [said('user', text('Hi'))]],
  ['instructions as a text', { system: 'Be brief.' }, [said('system', text('Be brief.')), said('user', text('Hi'))]],
  [
    'instructions as blocks, with marks of the cache',
    {
      system: [
        { type: 'text', text: 'A', cache_control: { type: 'ephemeral', ttl: '1h' } },
        { type: 'text', text: 'B', cache_control: { type: 'ephemeral' } },
      ],
    },
    [said('system', text('A', '1h'), text('B', null)), said('user', text('Hi'))],
  ],
  [
    'the attribution of Claude Code is left out',
    {
      system: [
        { type: 'text', text: BILLING },
        { type: 'text', text: 'B', cache_control: { type: 'ephemeral' } },
      ],
    },
    [said('system', text('B', null)), said('user', text('Hi'))],
  ],
  [
    'instructions that are nothing but the attribution',
    { system: [{ type: 'text', text: BILLING }] },
    [said('user', text('Hi'))],
  ],
  [
    'the attribution before other lines',
    { system: `${BILLING}\nB` },
    [said('system', text('B')), said('user', text('Hi'))],
  ],
  [
    'an attribution that is not at the beginning is a text',
    {
      system: [
        { type: 'text', text: 'A' },
        { type: 'text', text: BILLING },
      ],
    },
    [said('system', text('A'), text(BILLING)), said('user', text('Hi'))],
  ],
  [
    'instructions amid the conversation',
    { messages: [HI, { role: 'system', content: 'New date.' }] },
    [said('user', text('Hi')), said('system', text('New date.'))],
  ],
  [
    'images: in the body, at an address, kept by Anthropic',
    {
      messages: [
        {
          role: 'user',
          content: [
            PNG,
            { type: 'image', source: { type: 'url', url: 'https://a/b.png' } },
            { type: 'image', source: { type: 'file', file_id: 'file_1' } },
          ],
        },
      ],
    },
    [
      said(
        'user',
        PNG_PART,
        medium('image', { kind: 'url', url: 'https://a/b.png' }),
        medium('image', { kind: 'id', id: 'file_1' }),
      ),
    ],
  ],
  [
    'documents of every source',
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'document', title: 'T', source: { type: 'base64', media_type: 'application/pdf', data: 'BBBB' } },
            {
              type: 'document',
              context: 'About it',
              source: { type: 'text', media_type: 'text/plain', data: 'words' },
            },
            {
              type: 'document',
              title: 'C',
              source: { type: 'content', content: [{ type: 'text', text: 'one' }, PNG] },
            },
            { type: 'document', source: { type: 'content', content: 'whole' }, citations: { enabled: true } },
          ],
        },
      ],
    },
    [
      said(
        'user',
        medium('file', { kind: 'data', mediaType: 'application/pdf', data: 'BBBB' }, 'T'),
        text('About it'),
        medium('file', { kind: 'text', text: 'words' }),
        text('C'),
        text('one'),
        PNG_PART,
        text('whole'),
      ),
    ],
    ['citations'],
  ],
  [
    'what a search of the caller found',
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'search_result', title: 'T', source: 'https://a', content: [{ type: 'text', text: 'found' }] },
          ],
        },
      ],
    },
    [said('user', text('T\nhttps://a'), text('found'))],
  ],
  [
    'calls, and their results before what the user says beside them',
    {
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: 'toolu_1', name: 'read', input: { path: 'a' } },
            {
              type: 'tool_use',
              id: 'toolu_turnout_ZnVuY3Rpb25zLnJlYWQ6MA',
              name: 'read',
              input: {},
              cache_control: { type: 'ephemeral' },
            },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'And now?' },
            { type: 'tool_result', tool_use_id: 'toolu_1', content: 'gone', is_error: true },
            {
              type: 'tool_result',
              tool_use_id: 'toolu_turnout_ZnVuY3Rpb25zLnJlYWQ6MA',
              content: [{ type: 'text', text: 'x' }, PNG],
              cache_control: { type: 'ephemeral' },
            },
            { type: 'tool_result', tool_use_id: 'toolu_3' },
          ],
        },
      ],
    },
    [
      said(
        'assistant',
        text('I look.'),
        { kind: 'call', id: 'toolu_1', name: 'read', arguments: '{"path":"a"}', free: false, seal: null, cache: null },
        {
          kind: 'call',
          id: 'functions.read:0',
          name: 'read',
          arguments: '{}',
          free: false,
          seal: null,
          cache: { ttl: null },
        },
      ),
      result('toolu_1', true, text('gone')),
      result('functions.read:0', false, text('x'), { ...PNG_PART, cache: { ttl: null } } as Part),
      result('toolu_3', false),
      said('user', text('And now?')),
    ],
  ],
  [
    'thoughts, signed, hidden, unsigned, and of another maker',
    {
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'a', signature: 'EqR' },
            { type: 'redacted_thinking', data: 'Zz' },
            { type: 'thinking', thinking: 'b', signature: '' },
            { type: 'thinking', thinking: '', signature: 'turnout.openai-responses.gAAA' },
            { type: 'thinking', thinking: '', signature: '' },
          ],
        },
      ],
    },
    [
      said(
        'assistant',
        { kind: 'thought', text: 'a', seal: { maker: 'anthropic-messages', value: 'EqR', id: null } },
        { kind: 'thought', text: '', seal: { maker: 'anthropic-messages', value: 'Zz', id: null } },
        { kind: 'thought', text: 'b', seal: null },
        { kind: 'thought', text: '', seal: { maker: 'openai-responses', value: 'gAAA', id: null } },
      ),
    ],
  ],
  [
    'what tools of Anthropic did is named, and not told',
    {
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
            { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
            { type: 'text', text: 'So.', citations: [{ type: 'char_location' }] },
          ],
        },
      ],
    },
    [said('assistant', text('So.'))],
    ['server_tool_use', 'web_search_tool_result', 'citations'],
  ],
  [
    'a mark for the whole request stands behind the last part',
    {
      cache_control: { type: 'ephemeral' },
      messages: [
        HI,
        {
          role: 'user',
          content: [
            { type: 'text', text: 'A' },
            { type: 'text', text: 'B' },
          ],
        },
      ],
    },
    [said('user', text('Hi')), said('user', text('A'), text('B', null))],
  ],
  [
    'an empty text says nothing',
    { messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] },
    [said('user')],
  ],
]

for (const [name, body, messages, unsaid = []] of MESSAGE_CASES)
  t.test(`messages: ${name}`, async (t) => {
    const contents = read(body)
    t.strictSame(contents.messages, messages)
    t.strictSame(contents.unsaid, unsaid)
  })

const SCHEMA = { type: 'object', properties: {} }

const WISHES: readonly (readonly [name: string, body: JsonObject, wishes: Partial<Contents>])[] = [
  [
    'tools',
    {
      tools: [
        {
          name: 'a',
          description: 'd',
          input_schema: SCHEMA,
          strict: true,
          cache_control: { type: 'ephemeral', ttl: '5m' },
        },
        { type: 'custom', name: 'b', input_schema: SCHEMA, defer_loading: true, input_examples: [] },
      ],
    },
    {
      tools: [
        { name: 'a', description: 'd', schema: SCHEMA, strict: true, free: null, cache: { ttl: '5m' } },
        { name: 'b', description: null, schema: SCHEMA, strict: null, free: null, cache: null },
      ],
      unsaid: ['tools.defer_loading'],
    },
  ],
  [
    'tools that Anthropic runs, or alone knows',
    {
      tools: [
        { type: 'web_search_20250305', name: 'web_search' },
        { type: 'bash_20250124', name: 'bash' },
        { name: 'a', input_schema: SCHEMA },
      ],
    },
    {
      tools: [{ name: 'a', description: null, schema: SCHEMA, strict: null, free: null, cache: null }],
      native: ['web_search_20250305', 'bash_20250124'],
    },
  ],
  ['an empty list of tools', { tools: [] }, { tools: [], unsaid: [] }],
  ['tool_choice auto', { tool_choice: { type: 'auto' } }, { toolChoice: 'auto', parallelCalls: null }],
  [
    'tool_choice any',
    { tool_choice: { type: 'any', disable_parallel_tool_use: true } },
    { toolChoice: 'required', parallelCalls: false },
  ],
  ['tool_choice none', { tool_choice: { type: 'none' } }, { toolChoice: 'none' }],
  ['tool_choice of one tool', { tool_choice: { type: 'tool', name: 'a' } }, { toolChoice: { name: 'a' } }],
  ['no tool_choice', {}, { toolChoice: null, parallelCalls: null }],
  [
    'thinking with a budget',
    { thinking: { type: 'enabled', budget_tokens: 2048 } },
    { thinking: { effort: null, budget: 2048, shown: null } },
  ],
  [
    'thinking as the model sees fit, with an effort',
    { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'max' } },
    { thinking: { effort: 'max', budget: null, shown: 'summary' } },
  ],
  [
    'thinking as the model sees fit',
    { thinking: { type: 'adaptive', display: 'omitted' } },
    { thinking: { effort: 'adaptive', budget: null, shown: 'hidden' } },
  ],
  [
    'no thinking, whatever the effort',
    { thinking: { type: 'disabled' }, output_config: { effort: 'high' } },
    { thinking: { effort: 'none', budget: null, shown: null } },
  ],
  [
    'thinking between tools',
    { thinking: { type: 'between_tools' } },
    { thinking: { effort: 'adaptive', budget: null, shown: null }, unsaid: ['thinking.type'] },
  ],
  ['an effort alone', { output_config: { effort: 'low' } }, { thinking: { effort: 'low', budget: null, shown: null } }],
  ['nothing of thinking', {}, { thinking: null }],
  [
    'a form of the answer',
    { output_config: { format: { type: 'json_schema', schema: SCHEMA } } },
    { answer: { form: 'json_schema', schema: SCHEMA, name: null, description: null, strict: null } },
  ],
  [
    'the same in its former place',
    { output_format: { type: 'json_schema', schema: SCHEMA } },
    { answer: { form: 'json_schema', schema: SCHEMA, name: null, description: null, strict: null } },
  ],
  [
    'a form that is not known',
    { output_config: { format: { type: 'regex' } } },
    {
      answer: { form: 'other', schema: null, name: null, description: null, strict: null },
      unsaid: ['output_config.format'],
    },
  ],
  ['stop sequences', { stop_sequences: ['a', 'b', 'c', 'd', 'e'] }, { stop: ['a', 'b', 'c', 'd', 'e'] }],
  [
    'numbers',
    { max_tokens: 5, temperature: 0.5, top_p: 0.9, top_k: 3 },
    {
      sampling: {
        maxOutput: 5,
        choices: null,
        temperature: 0.5,
        topP: 0.9,
        topK: 3,
        frequencyPenalty: null,
        presencePenalty: null,
        seed: null,
      },
    },
  ],
  ['a user', { metadata: { user_id: 'u-1' } }, { user: 'u-1', unsaid: [] }],
  [
    'what Claude Code writes for a user stays here',
    { metadata: { user_id: JSON.stringify({ device_id: 'd', account_uuid: '', session_id: 's' }) } },
    { user: null, unsaid: ['metadata.user_id'] },
  ],
  ['the standard tier', { service_tier: 'standard_only' }, { serviceTier: 'default' }],
  ['any tier', { service_tier: 'auto' }, { serviceTier: 'auto' }],
  [
    'what these words do not hold is named',
    {
      context_management: { edits: [] },
      container: 'c',
      inference_geo: 'us',
      speed: 'fast',
      nothing: null,
      mcp_servers: [],
    },
    { unsaid: ['context_management', 'container', 'inference_geo', 'speed'] },
  ],
]

for (const [name, body, wishes] of WISHES)
  t.test(`wishes: ${name}`, async (t) => {
    const contents = read(body)
    t.strictSame(Object.fromEntries(Object.keys(wishes).map((key) => [key, contents[key as keyof Contents]])), wishes)
  })

const FAULTS: readonly (readonly [body: JsonObject, param: string])[] = [
  [{ messages: 'Hi' }, 'messages'],
  [{ messages: [HI, 'Hi'] }, 'messages.1'],
  [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages.0'],
  [{ messages: [{ role: 'user' }] }, 'messages.0.content'],
  [{ max_tokens: 'many' }, 'max_tokens'],
  [{ max_tokens: -1 }, 'max_tokens'],
]

for (const [body, param] of FAULTS)
  t.test(`refused: ${JSON.stringify(body)}`, async (t) => {
    t.throws(() => read(body), { code: 'invalid_request', param })
  })

t.test('whom a request belongs to', async (t) => {
  const names = (id: string): object =>
    CALLER.read(Buffer.from(JSON.stringify({ model: 'm', messages: [HI], metadata: { user_id: id } })), MESSAGES, {
      url: '',
      headers: {},
    }).names
  t.strictSame(names('u-1'), { session: null, agent: null, user: 'u-1' })
  t.strictSame(names(JSON.stringify({ device_id: 'd', account_uuid: 'a', session_id: 's' })), {
    session: 's',
    agent: null,
    user: 'a',
  })
  t.strictSame(names('user_1_account__session_s2'), { session: 's2', agent: null, user: 'user_1' })
})

t.test('the attribution is in no fingerprint, and in no text that is judged', async (t) => {
  const turn = (cch: string) =>
    messagesRequest({
      system: [
        { type: 'text', text: `x-anthropic-billing-header: cch=${cch};` },
        { type: 'text', text: 'B' },
      ],
    }).prompt
  const [one, other] = [turn('1'), turn('2')]
  t.equal(one.fingerprintOf(0), other.fingerprintOf(0))
  const texts: string[] = []
  one.walk({
    message: () => undefined,
    text: (words) => texts.push(words),
    image: () => undefined,
    sound: () => undefined,
  })
  t.strictSame(texts, ['B', 'Hi'])
})

t.test('decoded texts are those that another format writes', async (t) => {
  const { prompt } = messagesRequest({ system: 'é🚂', stop_sequences: ['→'] })
  t.match(prompt.contents(), { messages: [{ parts: [{ text: 'é🚂' }] }, {}], stop: ['→'] })
})
