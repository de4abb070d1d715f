/**
 * Answers in every wire format, written by hand after each maker's own documents (reference of protocols, sections 1, 2, 4, 5, 6.3)
 * and after recordings: nothing of the gateway writes them, so that a mistake there is not made here too.
 */
import type { FormatName } from '../../src/core/format-names.ts'

/** What a backend says, whatever it speaks. */
export interface Script {
  readonly thoughts?: readonly string[]
  /** What the maker signs its thoughts, or its first call, with. */
  readonly seal?: string
  readonly words?: readonly string[]
  readonly calls?: readonly ScriptedCall[]
  readonly refusal?: string
  readonly finish: 'stop' | 'length' | 'tool_calls' | 'filtered'
  readonly tokens: ScriptedTokens
}

export interface ScriptedCall {
  readonly id: string
  readonly name: string
  /** JSON, in the pieces that it comes in. */
  readonly arguments: readonly string[]
}

export interface ScriptedTokens {
  /** With what came from the cache. */
  readonly input: number
  readonly cached: number
  /** With what was thought. */
  readonly output: number
  readonly reasoning: number
}

/** How one format puts a script. */
export interface Speaker {
  readonly type: string
  /** Of a stream, each as it goes over the wire; the last one ends it. `usage`: it was asked for, where that is a wish. */
  events(script: Script, model: string, usage: boolean): readonly string[]
  body(script: Script, model: string): object
  readonly error: (status: number, message: string) => object
  /** In the middle of a stream. */
  readonly errorEvents: (message: string) => readonly string[]
}

const ID = '7f3a'
const CREATED = 1_790_000_000
const joined = (words: readonly string[] = []): string => words.join('')
const data = (value: object): string => `data: ${JSON.stringify(value)}\n\n`
/** An object with a type, which is the name of its event. */
type Typed = { readonly type: string } & Readonly<Record<string, unknown>>
const named = (value: Typed): string => `event: ${value.type}\n${data(value)}`
const objectOf = (call: ScriptedCall): object => JSON.parse(joined(call.arguments)) as object

// ---------------------------------------------------------------- OpenAI, chat

const CHAT_FINISH = { stop: 'stop', length: 'length', tool_calls: 'tool_calls', filtered: 'content_filter' }

const chatUsage = ({ input, cached, output, reasoning }: ScriptedTokens): object => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: reasoning,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
})

const CHAT: Speaker = {
  type: 'text/event-stream; charset=utf-8',
  events({ thoughts = [], words = [], calls = [], refusal, finish, tokens }, model, asked) {
    const head = { id: `chatcmpl-${ID}`, object: 'chat.completion.chunk', created: CREATED, model }
    const chunk = (delta: object, finish_reason: string | null = null): string =>
      data({
        ...head,
        choices: [{ index: 0, delta, logprobs: null, finish_reason }],
        ...(asked ? { usage: null } : {}),
      })
    return [
      chunk({ role: 'assistant', content: '', refusal: null }),
      ...thoughts.map((reasoning_content) => chunk({ reasoning_content })),
      ...words.map((content) => chunk({ content })),
      ...(refusal === undefined ? [] : [chunk({ refusal })]),
      ...calls.flatMap(({ id, name, arguments: pieces }, index) => [
        chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
        ...pieces.map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
      ]),
      chunk({}, CHAT_FINISH[finish]),
      ...(asked ? [data({ ...head, choices: [], usage: chatUsage(tokens) })] : []),
      'data: [DONE]\n\n',
    ]
  },
  body({ thoughts, words, calls = [], refusal = null, finish, tokens }, model) {
    const message = {
      role: 'assistant',
      content: words === undefined ? null : joined(words),
      refusal,
      annotations: [],
      ...(thoughts === undefined ? {} : { reasoning_content: joined(thoughts) }),
      ...(calls.length === 0
        ? {}
        : {
            tool_calls: calls.map(({ id, name, arguments: pieces }) => ({
              id,
              type: 'function',
              function: { name, arguments: joined(pieces) },
            })),
          }),
    }
    return {
      id: `chatcmpl-${ID}`,
      object: 'chat.completion',
      created: CREATED,
      model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: CHAT_FINISH[finish] }],
      usage: chatUsage(tokens),
      service_tier: 'default',
    }
  },
  error: (status, message) => ({
    error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param: null, code: null },
  }),
  errorEvents: (message) => [
    data({ error: { message, type: 'server_error', param: null, code: 'server_error' } }),
    'data: [DONE]\n\n',
  ],
}

// ---------------------------------------------------------------- OpenAI, Responses

interface Item {
  readonly item: Typed
  /** Events between its beginning and its end. */
  readonly between: (at: number) => readonly Typed[]
  /** As it begins. */
  readonly first: Typed
}

function itemsOf({ thoughts, seal, words, calls = [], refusal }: Script, done: 'completed' | 'incomplete'): Item[] {
  const items: Item[] = []
  if (thoughts !== undefined) {
    const id = `rs_${ID}`
    const summary = [{ type: 'summary_text', text: joined(thoughts) }]
    const sealed = seal === undefined ? {} : { encrypted_content: seal }
    const part = { item_id: id, summary_index: 0 }
    items.push({
      item: { type: 'reasoning', id, summary, ...sealed },
      first: { type: 'reasoning', id, summary: [] },
      between: (output_index) => [
        {
          type: 'response.reasoning_summary_part.added',
          ...part,
          output_index,
          part: { type: 'summary_text', text: '' },
        },
        ...thoughts.map((delta) => ({
          type: 'response.reasoning_summary_text.delta',
          ...part,
          output_index,
          delta,
        })),
        { type: 'response.reasoning_summary_text.done', ...part, output_index, text: joined(thoughts) },
        { type: 'response.reasoning_summary_part.done', ...part, output_index, part: summary[0] },
      ],
    })
  }
  if (words !== undefined || refusal !== undefined) {
    const id = `msg_${ID}`
    const content =
      refusal === undefined
        ? { type: 'output_text', text: joined(words), annotations: [], logprobs: [] }
        : { type: 'refusal', refusal }
    const empty =
      refusal === undefined
        ? { type: 'output_text', text: '', annotations: [], logprobs: [] }
        : { type: 'refusal', refusal: '' }
    const part = { item_id: id, content_index: 0 }
    items.push({
      item: { type: 'message', id, status: done, role: 'assistant', content: [content] },
      first: { type: 'message', id, status: 'in_progress', role: 'assistant', content: [] },
      between: (output_index) => [
        { type: 'response.content_part.added', ...part, output_index, part: empty },
        ...(refusal === undefined
          ? [
              ...(words ?? []).map((delta) => ({
                type: 'response.output_text.delta',
                ...part,
                output_index,
                delta,
                logprobs: [],
              })),
              { type: 'response.output_text.done', ...part, output_index, text: joined(words), logprobs: [] },
            ]
          : [
              { type: 'response.refusal.delta', ...part, output_index, delta: refusal },
              { type: 'response.refusal.done', ...part, output_index, refusal },
            ]),
        { type: 'response.content_part.done', ...part, output_index, part: content },
      ],
    })
  }
  calls.forEach(({ id: call_id, name, arguments: pieces }, at) => {
    const id = `fc_${ID}${at}`
    const whole = { type: 'function_call', id, call_id, name, arguments: joined(pieces), status: 'completed' }
    items.push({
      item: whole,
      first: { ...whole, arguments: '', status: 'in_progress' },
      between: (output_index) => [
        ...pieces.map((delta) => ({
          type: 'response.function_call_arguments.delta',
          item_id: id,
          output_index,
          delta,
        })),
        {
          type: 'response.function_call_arguments.done',
          item_id: id,
          output_index,
          name,
          arguments: joined(pieces),
        },
      ],
    })
  })
  return items
}

const RESPONSE = {
  object: 'response',
  created_at: CREATED,
  background: false,
  error: null,
  instructions: null,
  max_output_tokens: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  service_tier: 'default',
  store: false,
  temperature: 1,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: 1,
  truncation: 'disabled',
}

function response(script: Script, model: string): Record<string, unknown> {
  const { finish, tokens } = script
  const cut = finish === 'length' || finish === 'filtered'
  const { input, cached, output, reasoning } = tokens
  return {
    ...RESPONSE,
    id: `resp_${ID}`,
    model,
    status: cut ? 'incomplete' : 'completed',
    incomplete_details: cut ? { reason: finish === 'length' ? 'max_output_tokens' : 'content_filter' } : null,
    output: itemsOf(script, cut ? 'incomplete' : 'completed').map(({ item }) => item),
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: reasoning },
      total_tokens: input + output,
    },
  }
}

const RESPONSES: Speaker = {
  type: 'text/event-stream; charset=utf-8',
  events(script, model) {
    const whole = response(script, model)
    const begun = { ...whole, status: 'in_progress', incomplete_details: null, output: [], usage: null }
    const cut = whole['status'] === 'incomplete'
    const events: Typed[] = [
      { type: 'response.created', response: begun },
      { type: 'response.in_progress', response: begun },
      ...itemsOf(script, cut ? 'incomplete' : 'completed').flatMap(({ item, first, between }, output_index) => [
        { type: 'response.output_item.added', output_index, item: first },
        ...between(output_index),
        { type: 'response.output_item.done', output_index, item },
      ]),
      { type: cut ? 'response.incomplete' : 'response.completed', response: whole },
    ]
    return events.map(({ type, ...event }, sequence_number) => named({ type, ...event, sequence_number }))
  },
  body: response,
  error: CHAT.error,
  errorEvents: (message) => [
    named({
      type: 'response.failed',
      sequence_number: 99,
      response: {
        ...RESPONSE,
        id: `resp_${ID}`,
        model: 'parrot',
        status: 'failed',
        error: { code: 'server_error', message },
        incomplete_details: null,
        output: [],
        usage: null,
      },
    }),
  ],
}

// ---------------------------------------------------------------- Anthropic, Messages

const STOP_REASON = { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use', filtered: 'refusal' }

const inputUsage = ({ input, cached }: ScriptedTokens): object => ({
  input_tokens: input - cached,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: cached,
  cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
})

const ANTHROPIC: Speaker = {
  type: 'text/event-stream; charset=utf-8',
  events({ thoughts, seal, words, calls = [], refusal, finish, tokens }, model) {
    const said = refusal === undefined ? words : [refusal]
    const blocks = [
      ...(thoughts === undefined
        ? []
        : [
            {
              begin: { type: 'thinking', thinking: '', signature: '' },
              deltas: [
                ...thoughts.map((thinking): object => ({ type: 'thinking_delta', thinking })),
                { type: 'signature_delta', signature: seal ?? 'EqQBCg==' },
              ],
            },
          ]),
      ...(said === undefined
        ? []
        : [{ begin: { type: 'text', text: '' }, deltas: said.map((text): object => ({ type: 'text_delta', text })) }]),
      ...calls.map(({ id, name, arguments: pieces }) => ({
        begin: { type: 'tool_use', id, name, input: {} },
        deltas: ['', ...pieces].map((partial_json): object => ({ type: 'input_json_delta', partial_json })),
      })),
    ]
    const message = {
      id: `msg_${ID}`,
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...inputUsage(tokens), output_tokens: 1, service_tier: 'standard' },
    }
    const events: Typed[] = [
      { type: 'message_start', message },
      ...blocks.flatMap(({ begin, deltas }, index) => [
        { type: 'content_block_start', index, content_block: begin },
        ...(index === 0 ? [{ type: 'ping' }] : []),
        ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
        { type: 'content_block_stop', index },
      ]),
      {
        type: 'message_delta',
        delta: {
          stop_reason: STOP_REASON[refusal === undefined ? finish : 'filtered'],
          stop_sequence: null,
        },
        usage: { ...inputUsage(tokens), output_tokens: tokens.output },
      },
      { type: 'message_stop' },
    ]
    return events.map(named)
  },
  body({ thoughts, seal, words, calls = [], refusal, finish, tokens }, model) {
    const said = refusal === undefined ? words : [refusal]
    return {
      id: `msg_${ID}`,
      type: 'message',
      role: 'assistant',
      model,
      content: [
        ...(thoughts === undefined
          ? []
          : [{ type: 'thinking', thinking: joined(thoughts), signature: seal ?? 'EqQBCg==' }]),
        ...(said === undefined ? [] : [{ type: 'text', text: joined(said) }]),
        ...calls.map((call) => ({ type: 'tool_use', id: call.id, name: call.name, input: objectOf(call) })),
      ],
      stop_reason: STOP_REASON[refusal === undefined ? finish : 'filtered'],
      stop_sequence: null,
      usage: { ...inputUsage(tokens), output_tokens: tokens.output, service_tier: 'standard' },
    }
  },
  error: (status, message) => ({
    type: 'error',
    error: { type: ANTHROPIC_ERRORS[status] ?? 'api_error', message },
    request_id: `req_${ID}`,
  }),
  errorEvents: (message) => [named({ type: 'error', error: { type: 'overloaded_error', message } })],
}

const ANTHROPIC_ERRORS: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}

// ---------------------------------------------------------------- Gemini

const GEMINI_FINISH = { stop: 'STOP', length: 'MAX_TOKENS', tool_calls: 'STOP', filtered: 'SAFETY' }

const geminiUsage = ({ input, cached, output, reasoning }: ScriptedTokens): object => ({
  promptTokenCount: input,
  ...(cached === 0 ? {} : { cachedContentTokenCount: cached }),
  candidatesTokenCount: output - reasoning,
  ...(reasoning === 0 ? {} : { thoughtsTokenCount: reasoning }),
  totalTokenCount: input + output,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: input }],
})

/** Each list is what one event brings. */
function geminiParts({ thoughts = [], seal, words = [], calls = [], refusal }: Script): object[][] {
  return [
    ...thoughts.map((text) => [{ text, thought: true }]),
    ...(refusal === undefined ? words : [refusal]).map((text) => [{ text }]),
    ...calls.map((call, at) => [
      {
        functionCall: { id: call.id, name: call.name, args: objectOf(call) },
        ...(at === 0 && seal !== undefined ? { thoughtSignature: seal } : {}),
      },
    ]),
  ]
}

const GEMINI: Speaker = {
  type: 'text/event-stream',
  events(script, model) {
    const parts = geminiParts(script)
    const { input, cached } = script.tokens
    return [...parts, null].map((some) =>
      data({
        candidates: [
          {
            content: { parts: some ?? [{ text: '' }], role: 'model' },
            ...(some === null ? { finishReason: GEMINI_FINISH[script.finish] } : {}),
            index: 0,
          },
        ],
        usageMetadata:
          some === null ? geminiUsage(script.tokens) : geminiUsage({ input, cached, output: 0, reasoning: 0 }),
        modelVersion: model,
        responseId: ID,
      }),
    )
  },
  body(script, model) {
    const parts = geminiParts({
      ...script,
      ...(script.thoughts === undefined ? {} : { thoughts: [joined(script.thoughts)] }),
      ...(script.words === undefined ? {} : { words: [joined(script.words)] }),
    })
    return {
      candidates: [
        { content: { parts: parts.flat(), role: 'model' }, finishReason: GEMINI_FINISH[script.finish], index: 0 },
      ],
      usageMetadata: geminiUsage(script.tokens),
      modelVersion: model,
      responseId: ID,
    }
  },
  error: (code, message) => ({ error: { code, message, status: GEMINI_STATUS[code] ?? 'INTERNAL' } }),
  errorEvents: (message) => [data({ error: { code: 503, message, status: 'UNAVAILABLE' } })],
}

const GEMINI_STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
}

// ---------------------------------------------------------------- Ollama

const MADE = '2026-11-23T04:18:54.670759652Z'
const line = (value: object): string => `${JSON.stringify(value)}\n`

const ollamaEnd = ({ finish, tokens }: Script): object => ({
  done: true,
  done_reason: finish === 'length' ? 'length' : 'stop',
  total_duration: 38_173_309,
  load_duration: 5_032_863,
  prompt_eval_count: tokens.input,
  ...(tokens.cached === 0 ? {} : { prompt_eval_cached_count: tokens.cached }),
  prompt_eval_duration: 3_745_000,
  eval_count: tokens.output,
  eval_duration: 5_908_000,
})

const ollamaCalls = (calls: readonly ScriptedCall[]): object[] =>
  calls.map((call, index) => ({ function: { index, name: call.name, arguments: objectOf(call) } }))

const OLLAMA: Speaker = {
  type: 'application/x-ndjson',
  events(script, model) {
    const { thoughts = [], words = [], calls = [], refusal } = script
    const piece = (message: object): string =>
      line({ model, created_at: MADE, message: { role: 'assistant', content: '', ...message }, done: false })
    return [
      ...thoughts.map((thinking) => piece({ thinking })),
      ...(refusal === undefined ? words : [refusal]).map((content) => piece({ content })),
      ...ollamaCalls(calls).map((call) => piece({ tool_calls: [call] })),
      line({ model, created_at: MADE, message: { role: 'assistant', content: '' }, ...ollamaEnd(script) }),
    ]
  },
  body(script, model) {
    const { thoughts, words, calls = [], refusal } = script
    const message = {
      role: 'assistant',
      content: refusal ?? joined(words),
      ...(thoughts === undefined ? {} : { thinking: joined(thoughts) }),
      ...(calls.length === 0 ? {} : { tool_calls: ollamaCalls(calls) }),
    }
    return { model, created_at: MADE, message, ...ollamaEnd(script) }
  },
  error: (_status, message) => ({ error: message }),
  errorEvents: (message) => [line({ error: message })],
}

/** What was said, where a prompt alone was sent: the same without a message. */
export const OLLAMA_GENERATE: Speaker = {
  ...OLLAMA,
  events: (script, model, usage) =>
    OLLAMA.events(script, model, usage).map((one) => line(unfolded(JSON.parse(one) as Answer))),
  body: (script, model) => unfolded(OLLAMA.body(script, model) as Answer),
}

interface Answer {
  readonly message: { readonly content: string; readonly thinking?: string }
}

const unfolded = ({ message, ...rest }: Answer): object => ({
  response: message.content,
  ...(message.thinking === undefined ? {} : { thinking: message.thinking }),
  ...rest,
})

export const SPEAKERS: Readonly<Record<FormatName, Speaker>> = {
  'openai-chat': CHAT,
  'openai-responses': RESPONSES,
  'anthropic-messages': ANTHROPIC,
  gemini: GEMINI,
  ollama: OLLAMA,
}
