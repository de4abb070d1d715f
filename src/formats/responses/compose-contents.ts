/** A request of another wire format in the form of the Responses API. Pure. */
import { effortRule } from '../../core/effort-rule.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json } from '../../core/json.ts'
import type { AnswerWish, CallPart, Contents, MediaPart, Message, Part, Tool } from '../../core/prompt.ts'
import type { Deployment, GatewayRequest } from '../../core/types.ts'
import type { Composing } from '../format.ts'
import { effortOfThinking, wordFor } from '../thinking.ts'
import { dropped, WITHOUT_SEALS } from './adapt.ts'
import { LOGPROBS } from './fields.ts'

/** The least that is taken. */
const LEAST_OUTPUT = 16

export function composedContents(request: GatewayRequest, deployment: Deployment, how: Composing): Buffer {
  const lose = (name: string): void => {
    if (!how.lossy.includes(name)) how.lossy.push(name)
  }
  const contents = request.prompt.contents()
  const limit = request.prompt.outputLimit([], how.maxTokens)
  const body: Record<string, unknown> = {
    model: deployment.model,
    ...(request.stream ? { stream: true } : {}),
    // What callers of chat leave out is false there, and true here.
    store: false,
    ...bodyOf(contents, deployment, how, lose),
    ...(limit === null ? {} : { max_output_tokens: Math.max(LEAST_OUTPUT, limit) }),
  }
  for (const field of dropped(how)) Reflect.deleteProperty(body, field)
  return Buffer.from(JSON.stringify(body))
}

type Lose = (name: string) => void

function bodyOf(contents: Contents, deployment: Deployment, how: Composing, lose: Lose): object {
  const { tools, toolChoice, sampling, logprobs } = contents
  contents.unsaid.forEach(lose)
  if ((sampling.choices ?? 1) > 1) lose('choices')
  if (sampling.seed !== null) lose('seed')
  if (sampling.frequencyPenalty !== null || sampling.presencePenalty !== null) lose('penalties')
  if (sampling.topK !== null) lose('top_k')
  const sealless = how.place.maker !== true || how.changes.includes(WITHOUT_SEALS)
  const input = contents.messages.flatMap((message) => itemsOf(message, sealless, lose))
  const reasoning = reasoningOf(contents, deployment, how, lose)
  const thinks = 'reasoning' in reasoning || input.some((item) => 'encrypted_content' in item)
  const include = [
    // Nothing is kept there: what was thought comes back with the caller, or not at all.
    ...(thinks && !sealless ? ['reasoning.encrypted_content'] : []),
    ...(logprobs === null ? [] : [LOGPROBS]),
  ]
  return {
    input,
    ...(tools.length === 0 ? {} : { tools: tools.map((tool) => toolOf(tool, lose)) }),
    ...optional('tool_choice', toolChoice === null || tools.length === 0 ? null : choiceOf(toolChoice, tools)),
    ...optional('parallel_tool_calls', tools.length === 0 ? null : contents.parallelCalls),
    ...textWish(contents, lose),
    ...reasoning,
    ...optional('temperature', sampling.temperature),
    ...optional('top_p', sampling.topP),
    ...optional('safety_identifier', contents.user),
    ...optional('prompt_cache_key', contents.cacheKey),
    ...optional('service_tier', contents.serviceTier),
    ...optional('metadata', contents.metadata),
    ...((logprobs ?? 0) > 0 ? { top_logprobs: logprobs } : {}),
    ...(include.length === 0 ? {} : { include }),
  }
}

const optional = (name: string, value: Json | object): object => (value === null ? {} : { [name]: value })

function textWish({ answer, verbosity }: Contents, lose: Lose): object {
  if (answer?.form === 'other') lose('answer form')
  const format = answer === null || answer.form === 'other' ? null : formatOf(answer)
  if (format === null && verbosity === null) return {}
  return { text: { ...optional('format', format), ...optional('verbosity', verbosity) } }
}

function formatOf({ form, schema, name, description, strict }: AnswerWish): object {
  if (form !== 'json_schema') return { type: form }
  return {
    type: form,
    name: name ?? 'answer',
    schema,
    // What is not said is false in chat, and true here.
    strict: strict ?? false,
    ...optional('description', description),
  }
}

function reasoningOf(
  { thinking }: Contents,
  { backend, model }: Deployment,
  { effort }: Composing,
  lose: Lose,
): object {
  if (thinking !== null && thinking.budget !== null && thinking.effort === null) lose('thinking.budget')
  const own = thinking === null || thinking.effort === 'adaptive' ? null : thinking.effort
  const read = own === null ? null : wordFor(own, effortRule(backend.provider, model))
  if (read !== own) lose('effort')
  const word = read ?? effortOfThinking(thinking) ?? effort
  // A summary is all that is shown of a thought here.
  const shown = thinking !== null && thinking.shown !== null && thinking.shown !== 'hidden' ? 'auto' : null
  if (word === null && shown === null) return {}
  return { reasoning: { ...optional('effort', word), ...optional('summary', shown) } }
}

/** What a message says, its thoughts and calls in their order, each an item of its own. */
function itemsOf({ role, parts, result, name }: Message, sealless: boolean, lose: Lose): object[] {
  if (name !== null) lose('name')
  for (const part of parts) if ('cache' in part && part.cache !== null) lose('cache marks')
  if (result !== null) return [resultOf(result, parts, lose)]
  const items: object[] = []
  let said: object[] = []
  const flush = (): void => {
    if (said.length > 0) items.push({ type: 'message', role, content: said })
    said = []
  }
  for (const part of parts) {
    const item =
      part.kind === 'thought' ? thoughtOf(part, sealless, lose) : part.kind === 'call' ? callOf(part, lose) : null
    if (part.kind === 'thought' || part.kind === 'call') {
      flush()
      if (item !== null) items.push(item)
    } else said.push(...partOf(part, role, lose))
  }
  flush()
  return items
}

/** Only its maker takes a thought back. */
function thoughtOf({ text, seal }: Extract<Part, { kind: 'thought' }>, sealless: boolean, lose: Lose): object | null {
  if (seal === null || seal.maker !== 'openai-responses' || sealless) {
    if (seal !== null) lose('seals')
    if (text !== '') lose('thoughts')
    return null
  }
  const summary = text === '' ? [] : [{ type: 'summary_text', text }]
  return { type: 'reasoning', ...optional('id', seal.id), summary, encrypted_content: seal.value }
}

function callOf({ id, name, arguments: given, free, seal }: CallPart, lose: Lose): object {
  if (seal !== null) lose('seals')
  return free
    ? { type: 'custom_tool_call', call_id: id, name, input: given }
    : { type: 'function_call', call_id: id, name, arguments: given }
}

function resultOf({ id, failed }: NonNullable<Message['result']>, parts: readonly Part[], lose: Lose): object {
  const texts = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []))
  const before = failed ? 'Error: ' : ''
  const output =
    texts.length === parts.length
      ? before + texts.join('\n')
      : [
          ...(failed ? [{ type: 'input_text', text: before }] : []),
          ...parts.flatMap((part) => partOf(part, 'user', lose)),
        ]
  return { type: 'function_call_output', call_id: id, output }
}

function partOf(part: Part, role: Message['role'], lose: Lose): object[] {
  switch (part.kind) {
    case 'text':
      return [{ type: role === 'assistant' ? 'output_text' : 'input_text', text: part.text }]
    case 'refusal':
      return [{ type: 'refusal', refusal: part.text }]
    case 'image':
    case 'file':
    case 'audio':
      return mediumOf(part, lose)
    default:
      return []
  }
}

function mediumOf({ kind, source, name, detail }: MediaPart, lose: Lose): object[] {
  if (source.kind === 'text') return [{ type: 'input_text', text: source.text }]
  if (kind === 'audio') {
    lose('sounds')
    return []
  }
  const place =
    source.kind === 'id'
      ? { file_id: source.id }
      : kind === 'image'
        ? { image_url: source.kind === 'url' ? source.url : dataUrl(source) }
        : source.kind === 'url'
          ? { file_url: source.url }
          : { file_data: dataUrl(source), filename: name ?? 'file' }
  return kind === 'image'
    ? [{ type: 'input_image', ...place, detail: detail ?? 'auto' }]
    : [{ type: 'input_file', ...place }]
}

const dataUrl = ({ mediaType, data }: { readonly mediaType: string; readonly data: string }): string =>
  `data:${mediaType};base64,${data}`

function toolOf({ name, description, schema, strict, free, cache }: Tool, lose: Lose): object {
  if (cache !== null) lose('cache marks')
  if (free !== null)
    return { type: 'custom', name, ...optional('description', description), ...optional('format', flat(free.form)) }
  return {
    type: 'function',
    name,
    ...optional('description', description),
    parameters: schema ?? { type: 'object', properties: {} },
    // What is not said is false in chat, and true here.
    strict: strict ?? false,
  }
}

/** A grammar lies in a member of its own in chat. */
function flat(form: Json): Json {
  const inner = isObject(form) ? form['grammar'] : undefined
  return isObject(inner) ? { type: 'grammar', ...inner } : form
}

function choiceOf(choice: NonNullable<Contents['toolChoice']>, tools: readonly Tool[]): object | string {
  if (typeof choice === 'string') return choice
  const { name } = choice
  const isFree = tools.some((tool) => tool.name === name && tool.free !== null)
  return { type: isFree ? 'custom' : 'function', name }
}
