import type { Plan } from './fault-plan.ts'
import type { RecordedRequest } from './fault-record.ts'

/** Text of an unplanned answer: several languages, so that a split inside a character shows. */
export const WORDS: readonly string[] = ['The ', 'river ', 'runs ', 'to ', 'the ', 'sea: ', 'größe ', '水と', '🚂', '.']
export const PROMPT_TOKENS = 11
const CREATED = 1_700_000_000

type Fields = Record<string, unknown>

/** Usage as this upstream reports it after `output` pieces. */
export function usageOf(output: number): Fields {
  return {
    prompt_tokens: PROMPT_TOKENS,
    completion_tokens: output,
    total_tokens: PROMPT_TOKENS + output,
    prompt_tokens_details: { cached_tokens: 3 },
  }
}

/** The body of a good answer that is not streamed. */
export function answerBody(request: RecordedRequest, plan: Plan): Fields {
  const model = plan.model ?? request.json?.model ?? 'tiny'
  if (request.path.endsWith('/embeddings')) return embeddings(request, model)
  if (request.path.endsWith('/rerank')) return rerank(request, model)
  if (request.path.endsWith('/responses')) return response(model, plan)
  const chat = request.path.endsWith('/chat/completions')
  const words = plan.words ?? WORDS
  const text = words.join('')
  const usage = plan.usage === 'never' ? {} : { usage: plan.usage === 'null' ? null : usageOf(words.length) }
  const finish_reason = plan.finish ?? (plan.toolCall ? 'tool_calls' : 'stop')
  const choice = chat
    ? { index: 0, message: message(text, plan), logprobs: null, finish_reason }
    : { index: 0, text, logprobs: null, finish_reason }
  return { ...envelope(model, chat ? 'chat.completion' : 'text_completion'), choices: [choice], ...usage }
}

/** Of the Responses API. */
function response(model: unknown, { words = WORDS, usage }: Plan): Fields {
  const content = [{ type: 'output_text', text: words.join(''), annotations: [], logprobs: [] }]
  const { prompt_tokens: input_tokens, completion_tokens: output_tokens, total_tokens } = usageOf(words.length)
  return {
    id: 'resp_fault',
    object: 'response',
    created_at: CREATED,
    status: 'completed',
    model,
    output: [{ type: 'message', id: 'msg_fault', role: 'assistant', status: 'completed', content }],
    ...(usage === 'never' ? {} : { usage: { input_tokens, output_tokens, total_tokens } }),
  }
}

function envelope(model: unknown, object: string): Fields {
  return {
    id: object.startsWith('chat') ? 'chatcmpl-fault' : 'cmpl-fault',
    object,
    created: CREATED,
    model,
    system_fingerprint: 'fp_fault',
  }
}

function message(text: string, plan: Plan): Fields {
  const { toolCall, reasoning } = plan
  if (toolCall === undefined)
    return { role: 'assistant', content: text, ...(reasoning ? { reasoning_content: reasoning.join('') } : {}) }
  const call = {
    id: 'call_1',
    type: 'function',
    function: { name: toolCall.name, arguments: toolCall.arguments.join('') },
  }
  return { role: 'assistant', content: null, tool_calls: [call] }
}

function embeddings(request: RecordedRequest, model: unknown): Fields {
  const input = request.json?.input
  const texts = Array.isArray(input) ? input : [input]
  const base64 = request.json?.encoding_format === 'base64'
  const data = texts.map((text, index) => {
    const vector = vectorOf(String(text))
    return {
      object: 'embedding',
      index,
      embedding: base64 ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector),
    }
  })
  return { object: 'list', data, model, usage: { prompt_tokens: PROMPT_TOKENS, total_tokens: PROMPT_TOKENS } }
}

/** The same text always has the same vector; its numbers are exact in 32 bits. */
export function vectorOf(text: string): Float32Array {
  return Float32Array.from({ length: 4 }, (_, i) => ((text.charCodeAt(i % text.length) || 0) - 64) / 64)
}

function rerank(request: RecordedRequest, model: unknown): Fields {
  const documents = Array.isArray(request.json?.documents) ? request.json.documents : []
  const results = documents.map((document: unknown, index) => ({ index, relevance_score: 1 / (index + 1), document }))
  return { id: 'rerank-fault', model, results, usage: { total_tokens: PROMPT_TOKENS } }
}

/** The events of a streamed answer, without [DONE]: texts that stand after `data: `. */
export function answerEvents(request: RecordedRequest, plan: Plan): string[] {
  if (plan.events !== undefined) return [...plan.events]
  const chat = request.path.endsWith('/chat/completions')
  const base = envelope(plan.model ?? request.json?.model ?? 'tiny', chat ? 'chat.completion.chunk' : 'text_completion')
  const asked = (request.json?.stream_options as Fields | undefined)?.include_usage === true
  const place = plan.usage ?? 'own'
  const nulls = place === 'null' || (place === 'own' && asked)
  const total = streamedWords(plan).length
  const steps = chat ? chatSteps(plan) : textSteps(plan)
  const events = steps.map(({ counted, place: at, ...choice }): Fields => {
    const usage = place === 'cumulative' ? usageOf(counted) : at === place ? usageOf(total) : null
    const choices = [{ index: 0, logprobs: null, finish_reason: null, ...choice }]
    return { ...base, choices, ...(usage !== null || nulls ? { usage } : {}) }
  })
  if (place === 'always' || (place === 'own' && asked)) events.push({ ...base, choices: [], usage: usageOf(total) })
  return events.map((event) => JSON.stringify(event))
}

/** One choice of one event; `counted`: pieces of text so far; `place`: usage may stand here. */
interface Step {
  readonly counted: number
  readonly place?: 'content' | 'finish'
  readonly delta?: Fields
  readonly text?: string
  readonly finish_reason?: string
}

function streamedWords({ words = WORDS, hugeBytes }: Plan): readonly string[] {
  return hugeBytes === undefined ? words : [...words, 'x'.repeat(hugeBytes)]
}

function chatSteps(plan: Plan): Step[] {
  const words = streamedWords(plan)
  const reasoning = (plan.reasoning ?? []).map((piece): Step => ({ counted: 0, delta: { reasoning_content: piece } }))
  const content = plan.toolCall
    ? toolDeltas(plan.toolCall).map((delta): Step => ({ counted: 0, delta }))
    : words.map((word, i): Step => ({ counted: i + 1, delta: { content: word }, ...lastPlace(words, i) }))
  const finish_reason = plan.finish ?? (plan.toolCall ? 'tool_calls' : 'stop')
  const first: Step = { counted: 0, delta: { role: 'assistant', content: '' } }
  return [first, ...reasoning, ...content, { counted: words.length, place: 'finish', delta: {}, finish_reason }]
}

function textSteps(plan: Plan): Step[] {
  const words = streamedWords(plan)
  const content = words.map((text, i): Step => ({ counted: i + 1, text, ...lastPlace(words, i) }))
  return [...content, { counted: words.length, place: 'finish', text: '', finish_reason: plan.finish ?? 'stop' }]
}

function lastPlace(words: readonly string[], i: number): Pick<Step, 'place'> {
  return i === words.length - 1 ? { place: 'content' } : {}
}

function toolDeltas(call: NonNullable<Plan['toolCall']>): Fields[] {
  const first = { index: 0, id: 'call_1', type: 'function', function: { name: call.name, arguments: '' } }
  return [
    { tool_calls: [first] },
    ...call.arguments.map((piece) => ({ tool_calls: [{ index: 0, function: { arguments: piece } }] })),
  ]
}
