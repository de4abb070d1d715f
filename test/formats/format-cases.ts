/**
 * What can be asked and answered, in neutral words: one table for all wire formats. A new case is tried in each of them, and a new
 * format with each case: requests.test.ts, answers.test.ts.
 */
import type { Contents, Message, Part, Sampling, Seal, Tool } from '../../src/core/prompt.ts'
import { FORMAT_NAMES } from '../../src/core/format-names.ts'
import type { Usage } from '../../src/core/settlement.ts'
import type { Finish } from '../../src/core/finish.ts'
import type { LikelyToken, Piece } from '../../src/formats/piece.ts'
import { usage } from '../support/factories.ts'

// ---------------------------------------------------------------- requests

export interface RequestCase {
  readonly name: string
  readonly contents: Contents
}

const SAMPLING: Sampling = {
  maxOutput: 4_000,
  choices: null,
  temperature: null,
  topP: null,
  topK: null,
  frequencyPenalty: null,
  presencePenalty: null,
  seed: null,
}

type Wishes = Partial<Omit<Contents, 'sampling'>> & { readonly sampling?: Partial<Sampling> }

/** A question with these wishes. */
export function asked(messages: readonly Message[], { sampling, ...wishes }: Wishes = {}): Contents {
  return {
    messages,
    tools: [],
    toolChoice: null,
    parallelCalls: null,
    answer: null,
    sampling: { ...SAMPLING, ...sampling },
    stop: [],
    thinking: null,
    verbosity: null,
    user: null,
    cacheKey: null,
    serviceTier: null,
    logprobs: null,
    metadata: null,
    unsaid: [],
    ...wishes,
  }
}

export const text = (words: string, cache: { readonly ttl: string | null } | null = null): Part => ({
  kind: 'text',
  text: words,
  cache,
})
const message = (role: Message['role'], ...parts: readonly (Part | string)[]): Message => ({
  role,
  parts: parts.map((part) => (typeof part === 'string' ? text(part) : part)),
  name: null,
  result: null,
})
export const system = (...parts: readonly (Part | string)[]): Message => message('system', ...parts)
export const developer = (...parts: readonly (Part | string)[]): Message => message('developer', ...parts)
export const user = (...parts: readonly (Part | string)[]): Message => message('user', ...parts)
export const assistant = (...parts: readonly (Part | string)[]): Message => message('assistant', ...parts)

export const called = (id: string, name: string, args: string, more: { free?: boolean; seal?: Seal } = {}): Part => ({
  kind: 'call',
  id,
  name,
  arguments: args,
  free: more.free ?? false,
  seal: more.seal ?? null,
  cache: null,
})

/** What a tool gave. */
export const gave = (id: string, name: string, parts: readonly (Part | string)[], failed = false): Message => ({
  ...message('tool', ...parts),
  result: { id, name, failed },
})

const thought = (words: string, seal: Seal | null = null): Part => ({ kind: 'thought', text: words, seal })

/** One pixel. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const PDF = Buffer.from('%PDF-1.4 a page').toString('base64')
const WAV = Buffer.from('RIFF....WAVE').toString('base64')

const image = (data = PIXEL, detail: string | null = null): Part => ({
  kind: 'image',
  source: { kind: 'data', mediaType: 'image/png', data },
  name: null,
  detail,
  cache: null,
})
const imageAt = (url: string, detail: string | null = null): Part => ({
  kind: 'image',
  source: { kind: 'url', url },
  name: null,
  detail,
  cache: null,
})

export const WEATHER: Tool = {
  name: 'get_weather',
  description: 'The weather of a city, now.',
  schema: {
    type: 'object',
    properties: { city: { type: 'string', description: 'Of Europe — größere' }, days: { type: 'integer' } },
    required: ['city'],
    additionalProperties: false,
  },
  strict: null,
  free: null,
  cache: null,
}
export const CLOCK: Tool = {
  ...WEATHER,
  name: 'get_time',
  description: null,
  schema: { type: 'object', properties: {} },
}
export const NOTE: Tool = {
  ...WEATHER,
  name: 'note',
  description: 'Keeps a text.',
  schema: null,
  free: { form: { type: 'text' } },
}

const hello = user('Hello, what is 水 in English? 🚂')

/** A call is asked for, made, answered, and talked about. */
const weathered: readonly Message[] = [
  user('Is it warm in Vienna?'),
  assistant('I look.', called('call_1', 'get_weather', '{"city":"Vienna"}')),
  gave('call_1', 'get_weather', ['{"degrees":21}']),
]

/** Two at once. */
const both: readonly Message[] = [
  user('Is it warm in Vienna and in Graz?'),
  assistant(
    called('call_1', 'get_weather', '{"city":"Vienna"}'),
    called('call_2', 'get_weather', '{"city":"Graz","days":2}'),
  ),
]

const cases: Readonly<Record<string, Contents>> = {
  'a text': asked([hello]),
  'a text with each kind of sign': asked([user('"\\\n\t\u0000 \u2028 é 水 🚂 </script> \u007f')]),
  'a system message': asked([system('Be brief.'), hello]),
  'a message of the developer': asked([developer('Be brief.'), hello]),
  'system messages, one after the other': asked([system('Be brief.'), system('Be kind.'), hello]),
  'a system message with several texts': asked([system('Be brief.', 'Be kind.'), hello]),
  'a system message in the middle': asked([
    system('Be brief.'),
    hello,
    assistant('Water.'),
    system('From now on answer in French.'),
    user('And 火?'),
  ]),
  'a conversation': asked([hello, assistant('Water.'), user('And 火?'), assistant('Fire.'), user('Thanks!')]),
  'several texts in a message': asked([user('One.', 'Two.', 'Three.')]),
  'a beginning of the answer': asked([hello, assistant('It is')]),
  'a message with a name': asked([{ ...hello, name: 'ada' }]),

  'a tool': asked([hello], { tools: [WEATHER] }),
  'several tools': asked([hello], { tools: [WEATHER, CLOCK] }),
  'tools, as the model sees fit': asked([hello], { tools: [WEATHER], toolChoice: 'auto' }),
  'tools that must not be called': asked([hello], { tools: [WEATHER], toolChoice: 'none' }),
  'tools, one of which must be called': asked([hello], { tools: [WEATHER, CLOCK], toolChoice: 'required' }),
  'a tool that must be called': asked([hello], { tools: [WEATHER, CLOCK], toolChoice: { name: 'get_time' } }),
  'one call at a time': asked([hello], { tools: [WEATHER], parallelCalls: false }),
  'calls at once are fine': asked([hello], { tools: [WEATHER], parallelCalls: true }),
  'one call at a time, as the model sees fit': asked([hello], {
    tools: [WEATHER],
    toolChoice: 'auto',
    parallelCalls: false,
  }),
  'a strict tool': asked([hello], { tools: [{ ...WEATHER, strict: true }] }),
  'a tool of free text': asked([hello], { tools: [NOTE] }),

  'a call and its result': asked(weathered, { tools: [WEATHER] }),
  'a call and its result, talked about': asked([...weathered, assistant('Yes.'), user('And tomorrow?')], {
    tools: [WEATHER],
  }),
  'calls at once and their results': asked(
    [...both, gave('call_1', 'get_weather', ['21']), gave('call_2', 'get_weather', ['19'])],
    { tools: [WEATHER] },
  ),
  'results with a word of the user behind them': asked(
    [
      ...both,
      gave('call_1', 'get_weather', ['21']),
      gave('call_2', 'get_weather', ['19']),
      user('Mind that Graz is in degrees, too.'),
    ],
    { tools: [WEATHER] },
  ),
  'a result that is a failure': asked(
    [...weathered.slice(0, 2), gave('call_1', 'get_weather', ['no such city'], true)],
    { tools: [WEATHER] },
  ),
  'a result without a word': asked([...weathered.slice(0, 2), gave('call_1', 'get_weather', [])], {
    tools: [WEATHER],
  }),
  'a result of several texts': asked([...weathered.slice(0, 2), gave('call_1', 'get_weather', ['21', 'sunny'])], {
    tools: [WEATHER],
  }),
  'a result with a picture': asked([...weathered.slice(0, 2), gave('call_1', 'get_weather', ['a map', image()])], {
    tools: [WEATHER],
  }),
  'results with pictures, the first one too': asked(
    [
      ...both,
      gave('call_1', 'get_weather', ['a map', image()]),
      gave('call_2', 'get_weather', ['another', image(`${PIXEL.slice(0, -4)}AAA=`)]),
    ],
    { tools: [WEATHER] },
  ),
  'a call without arguments': asked(
    [user('What time is it?'), assistant(called('call_9', 'get_time', '{}')), gave('call_9', 'get_time', ['noon'])],
    { tools: [CLOCK] },
  ),
  'a call of free text': asked(
    [
      user('Keep it.'),
      assistant(called('call_3', 'note', 'milk, "eggs"\nand bread', { free: true })),
      gave('call_3', 'note', ['kept']),
    ],
    { tools: [NOTE] },
  ),

  'a picture': asked([user('What is this?', image())]),
  'a picture, looked at closely': asked([user('What is this?', image(PIXEL, 'high'))]),
  'a picture at an address': asked([user('What is this?', imageAt('https://pictures.test/a.png'))]),
  'pictures between texts': asked([user('First', image(), 'then', imageAt('https://pictures.test/b.png'), 'and?')]),
  'a file': asked([
    user('Sum it up.', {
      kind: 'file',
      source: { kind: 'data', mediaType: 'application/pdf', data: PDF },
      name: 'report.pdf',
      detail: null,
      cache: null,
    }),
  ]),
  'a file at an address': asked([
    user('Sum it up.', {
      kind: 'file',
      source: { kind: 'url', url: 'https://files.test/a.pdf' },
      name: null,
      detail: null,
      cache: null,
    }),
  ]),
  'a file that is text': asked([
    user('Sum it up.', {
      kind: 'file',
      source: { kind: 'text', text: 'Once upon a time' },
      name: null,
      detail: null,
      cache: null,
    }),
  ]),
  'a sound': asked([
    user('What is said?', {
      kind: 'audio',
      source: { kind: 'data', mediaType: 'audio/wav', data: WAV },
      name: null,
      detail: null,
      cache: null,
    }),
  ]),

  'a form by schema': asked([hello], {
    answer: { form: 'json_schema', schema: WEATHER.schema, name: 'weather', description: null, strict: true },
  }),
  'a form by schema without a name': asked([hello], {
    answer: { form: 'json_schema', schema: WEATHER.schema, name: null, description: null, strict: null },
  }),
  'an object of JSON': asked([hello], {
    answer: { form: 'json_object', schema: null, name: null, description: null, strict: null },
  }),

  ...Object.fromEntries(
    ['none', 'low', 'medium', 'high'].map((effort) => [
      `effort: ${effort}`,
      asked([hello], { thinking: { effort, budget: null, shown: null } }),
    ]),
  ),
  'thought up to a budget': asked([hello], { thinking: { effort: null, budget: 2_000, shown: null } }),
  'thought as the model sees fit': asked([hello], { thinking: { effort: 'adaptive', budget: null, shown: null } }),
  'what was thought before': asked([hello, assistant(thought('A word for water.'), 'Water.'), user('And 火?')]),
  ...Object.fromEntries(
    FORMAT_NAMES.map((maker) => [
      `what was thought before, sealed by ${maker}`,
      asked([
        hello,
        assistant(thought('A word for water.', { maker, value: 'c2VhbA==', id: null }), 'Water.'),
        user('And 火?'),
      ]),
    ]),
  ),
  'what was thought before a call': asked(
    [
      user('Is it warm in Vienna?'),
      assistant(thought('Look it up.'), called('call_1', 'get_weather', '{"city":"Vienna"}')),
      gave('call_1', 'get_weather', ['21']),
    ],
    { tools: [WEATHER] },
  ),
  'a call that Gemini sealed': asked(
    [
      user('Is it warm in Vienna?'),
      assistant(
        called('call_1', 'get_weather', '{"city":"Vienna"}', {
          seal: { maker: 'gemini', value: 'c2lnbmF0dXJl', id: null },
        }),
      ),
      gave('call_1', 'get_weather', ['21']),
    ],
    { tools: [WEATHER] },
  ),
  'a refusal before': asked([
    user('Do harm.'),
    assistant({ kind: 'refusal', text: 'I will not.', cache: null }),
    user('Fine.'),
  ]),

  'words that end the answer': asked([hello], { stop: ['\n\n', 'END'] }),
  'many words that end the answer': asked([hello], { stop: ['a', 'b', 'c', 'd', 'e', 'f'] }),
  'sampling that all know': asked([hello], { sampling: { temperature: 0.5, topP: 0.9 } }),
  'sampling that few know': asked([hello], {
    sampling: { topK: 40, frequencyPenalty: 0.25, presencePenalty: -0.5, seed: 7 },
  }),
  'several choices': asked([hello], { sampling: { choices: 2 } }),
  'no limit': asked([hello], { sampling: { maxOutput: null } }),
  'marks of the cache': asked(
    [system(text('Be brief.', { ttl: null })), user(text('A long book.', { ttl: '1h' }), 'What is it about?')],
    { tools: [{ ...WEATHER, cache: { ttl: null } }] },
  ),
  'a name for the cache': asked([hello], { cacheKey: 'book-1' }),
  'who asks': asked([hello], { user: 'user-1' }),
  'notes of the caller': asked([hello], { metadata: { ticket: 'T-1' } }),
  'a tier': asked([hello], { serviceTier: 'flex' }),
  verbosity: asked([hello], { verbosity: 'low' }),
  'probabilities of tokens': asked([hello], { logprobs: 3 }),
  'members that only one format has': asked([hello], { unsaid: ['mirostat'] }),
}

export const REQUESTS: readonly RequestCase[] = Object.entries(cases).map(([name, contents]) => ({ name, contents }))

// ---------------------------------------------------------------- answers

export interface AnswerCase {
  readonly name: string
  /** As they come, one event of the backend after another. */
  readonly events: readonly (readonly Piece[])[]
  readonly finish: Finish
  readonly usage: Usage
  /** A tool of free text is called. */
  readonly free: boolean
}

const said = (...words: readonly string[]): Piece[][] =>
  words.map((one): Piece[] => [{ kind: 'text', choice: 0, text: one }])
type LikelyOf = readonly [token: string, logprob: number, others?: readonly LikelyOf[]]
const likelyToken = ([token, logprob]: LikelyOf): LikelyToken => ({ token, logprob, bytes: null })
const likely = (words: string, tokens: readonly LikelyOf[]): Piece => ({
  kind: 'text',
  choice: 0,
  text: words,
  logprobs: tokens.map((one) => ({ ...likelyToken(one), top: (one[2] ?? []).map(likelyToken) })),
})
const pondered = (...words: readonly string[]): Piece[][] =>
  words.map((one): Piece[] => [{ kind: 'thought', choice: 0, text: one }])
const sealed = (maker: string, slot: number | null = null): Piece => ({
  kind: 'seal',
  choice: 0,
  slot,
  seal: { maker, value: 'c2VhbCBvZiB0aGUgbWFrZXI=', id: null },
})
const begun = (slot: number, id: string, name: string, first = '', free = false): Piece => ({
  kind: 'call',
  choice: 0,
  slot,
  begins: { id, name, free },
  arguments: first,
})
const more = (slot: number, args: string): Piece => ({ kind: 'call', choice: 0, slot, begins: null, arguments: args })
const end = (finish: Finish, stop: string | null = null, choice = 0): Piece[] => [{ kind: 'end', choice, finish, stop }]

const PLAIN = usage({ input: 12, output: 5 })

const answers: Readonly<Record<string, { readonly events: readonly Piece[][]; readonly usage?: Usage }>> = {
  'a text': { events: [...said('The ', 'river ', 'größe ', '水と', '🚂', '.'), end('stop')] },
  'a text in one piece': { events: [...said('Good day'), end('stop')] },
  'a text and its end in one event': { events: [[...said('Good day')[0]!, ...end('stop')]] },
  'a text with each kind of sign': {
    events: [...said('"\\', '\n\t\u2028', '\ndata: {}\n\n', '</script>'), end('stop')],
  },
  'a text that was cut': { events: [...said('And so ', 'on'), end('length')] },
  'a text that met a stop sequence': { events: [...said('One, two'), end('stop', 'END')] },
  nothing: { events: [end('stop')] },
  'what was filtered': { events: [...said('Well'), end('content_filter')] },
  'a refusal': {
    events: [
      [{ kind: 'refusal', choice: 0, text: 'I will ' }],
      [{ kind: 'refusal', choice: 0, text: 'not.' }],
      end('stop'),
    ],
  },
  'a call': {
    events: [[begun(0, 'call_a', 'get_weather')], [more(0, '{"city":')], [more(0, '"Vienna"}')], end('tool_calls')],
  },
  'a call in one piece': { events: [[begun(0, 'call_a', 'get_weather', '{"city":"Vienna"}')], end('tool_calls')] },
  'a call without arguments': { events: [[begun(0, 'call_a', 'get_time', '{}')], end('tool_calls')] },
  'a text, then a call': {
    events: [...said('I look.'), [begun(0, 'call_a', 'get_weather', '{"city":"Vienna"}')], end('tool_calls')],
  },
  'calls at once': {
    events: [
      [begun(0, 'call_a', 'get_weather')],
      [more(0, '{"city":"Vienna"}')],
      [begun(1, 'call_b', 'get_time')],
      [more(1, '{}')],
      [begun(2, 'call_c', 'get_weather')],
      [more(2, '{"city":')],
      [more(2, '"Graz"}')],
      end('tool_calls'),
    ],
  },
  'calls at once, in one event': {
    events: [
      [
        begun(0, 'call_a', 'get_weather', '{"city":"Vienna"}'),
        begun(1, 'call_b', 'get_time', '{}'),
        ...end('tool_calls'),
      ],
    ],
  },
  'calls whose arguments come by turns': {
    events: [
      [begun(0, 'call_a', 'get_weather')],
      [begun(1, 'call_b', 'get_weather')],
      [more(0, '{"city":'), more(1, '{"city":')],
      [more(1, '"Graz"}'), more(0, '"Vienna"}')],
      end('tool_calls'),
    ],
  },
  'a call of free text': {
    events: [[begun(0, 'call_a', 'note', 'milk, ', true)], [more(0, '"eggs"')], end('tool_calls')],
  },
  'thoughts, then a text': { events: [...pondered('Let me ', 'see.'), ...said('Water', '.'), end('stop')] },
  'thoughts, then a call': {
    events: [...pondered('Look it up.'), [begun(0, 'call_a', 'get_weather', '{"city":"Vienna"}')], end('tool_calls')],
  },
  'thoughts alone, cut': { events: [...pondered('Let me ', 'see'), end('length')] },
  ...Object.fromEntries(
    FORMAT_NAMES.map((maker) => [
      `sealed thoughts of ${maker}`,
      { events: [...pondered('Let me see.'), [sealed(maker)], ...said('Water.'), end('stop')] },
    ]),
  ),
  'a call that Gemini sealed': {
    events: [[begun(0, 'call_a', 'get_weather', '{"city":"Vienna"}'), sealed('gemini', 0)], end('tool_calls')],
  },
  'a text with where it was found': {
    events: [
      ...said('Water is wet.'),
      [{ kind: 'citation', choice: 0, url: 'https://facts.test/water', title: 'Water', range: [0, 13] }],
      end('stop'),
    ],
  },
  'a text whose tokens are told with how likely they were': {
    events: [
      [
        likely('水', [
          [
            '水',
            -0.25,
            [
              ['水', -0.25],
              ['Water', -1.5],
            ],
          ],
        ]),
      ],
      [likely(' is', [[' is', -0.125, []]])],
      [
        likely('!?', [
          ['!', -2, [['.', -0.5]]],
          ['?', -3, []],
        ]),
      ],
      end('stop'),
    ],
  },
  'usage with what was cached, and thought': {
    events: [...pondered('Hm.'), ...said('Water.'), end('stop')],
    usage: usage({ input: 3_000, output: 40, cachedInput: 2_048, cacheWrite: 512, reasoning: 25 }),
  },
}

const finishOf = (events: readonly (readonly Piece[])[]): Finish =>
  events.flat().find((piece) => piece.kind === 'end')?.finish ?? 'stop'

export const ANSWERS: readonly AnswerCase[] = Object.entries(answers).map(
  ([name, { events, usage: used = PLAIN }]) => ({
    name,
    events,
    finish: finishOf(events),
    free: events.flat().some((piece) => piece.kind === 'call' && piece.begins?.free === true),
    usage: used,
  }),
)
