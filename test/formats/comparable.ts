/**
 * Two forms of one request, or answer, side by side: what a wire format may say in other words is put into one form here, and
 * nothing else. All that a format cannot say it has to name in `lossy`, and only that is left out of the comparison.
 */
import { isObject } from '../../src/core/is-object.ts'
import type { Contents, Message, Part, Tool } from '../../src/core/prompt.ts'
import type { Piece, TextPiece } from '../../src/formats/piece.ts'
import { effortOfThinking } from '../../src/formats/thinking.ts'

// ---------------------------------------------------------------- requests

/** Leaves out what a name in `lossy` stands for. */
type Eraser = (contents: Contents) => Contents

const parts =
  (change: (part: Part) => readonly Part[]): Eraser =>
  (contents) => ({
    ...contents,
    messages: contents.messages.map((message) => ({ ...message, parts: message.parts.flatMap(change) })),
  })
/** Some are read member by member, when they are asked for. */
const plain = ({ name, description, schema, strict, free, cache }: Tool): Tool => ({
  ...{ name, description, schema, strict, free, cache },
})
const tools =
  (change: (tool: Tool) => Tool): Eraser =>
  (contents) => ({ ...contents, tools: contents.tools.map((tool) => change(plain(tool))) })
const without = (kind: Part['kind']): Eraser => parts((part) => (part.kind === kind ? [] : [part]))
const sampling =
  (...names: readonly (keyof Contents['sampling'])[]): Eraser =>
  (contents) => ({
    ...contents,
    sampling: { ...contents.sampling, ...Object.fromEntries(names.map((name) => [name, null])) },
  })
const nulled =
  (
    name: 'metadata' | 'user' | 'serviceTier' | 'verbosity' | 'logprobs' | 'parallelCalls' | 'answer' | 'cacheKey',
  ): Eraser =>
  (contents) => ({ ...contents, [name]: null })

const ERASERS: Readonly<Record<string, Eraser>> = {
  thoughts: without('thought'),
  seals: parts((part) => {
    if (part.kind === 'call') return [{ ...part, seal: null }]
    if (part.kind !== 'thought') return [part]
    return part.text === '' ? [] : [{ ...part, seal: null }]
  }),
  'cache marks': (contents) => ({
    ...parts((part) => ['cache' in part ? { ...part, cache: null } : part])(contents),
    tools: contents.tools.map((tool) => ({ ...plain(tool), cache: null })),
  }),
  images: without('image'),
  files: without('file'),
  sounds: without('audio'),
  stop: (contents) => ({ ...contents, stop: [] }),
  choices: sampling('choices'),
  penalties: sampling('frequencyPenalty', 'presencePenalty'),
  seed: sampling('seed'),
  temperature: sampling('temperature'),
  top_p: sampling('topP'),
  top_k: sampling('topK'),
  logprobs: nulled('logprobs'),
  metadata: nulled('metadata'),
  user: nulled('user'),
  service_tier: nulled('serviceTier'),
  verbosity: nulled('verbosity'),
  prompt_cache_key: nulled('cacheKey'),
  'parallel calls': nulled('parallelCalls'),
  'answer form': nulled('answer'),
  tools: (contents) => ({ ...contents, tools: [] }),
  'free tools': tools((tool) => ({ ...tool, free: tool.free === null ? null : { form: null } })),
  refusals: parts((part) => [part.kind === 'refusal' ? { ...part, kind: 'text' } : part]),
  limit: sampling('maxOutput'),
  'tool strict': tools((tool) => ({ ...tool, strict: null })),
  effort: (contents) => ({ ...contents, thinking: null }),
  'thinking.budget': (contents) => ({ ...contents, thinking: null }),
  name: (contents) => ({ ...contents, messages: contents.messages.map((message) => ({ ...message, name: null })) }),
  tool_choice: (contents) => ({ ...contents, toolChoice: null }),
}

/** Whether this is a word for something that can be lost. */
export const isKnownLoss = (name: string): boolean => name in ERASERS

const left = (contents: Contents, lossy: readonly string[]): Contents =>
  lossy.reduce((rest, name) => ERASERS[name]?.(rest) ?? rest, contents)

/** Stop sequences that a format has no place for: the gateway cuts the answer at them itself. */
const UNSAID_STOPS: Readonly<Record<string, (stop: readonly string[]) => boolean>> = {
  'openai-chat': ({ length }) => length > 4,
  'openai-responses': ({ length }) => length > 0,
  'anthropic-messages': (stop) => stop.some((one) => one.trim() === ''),
  gemini: ({ length }) => length > 5,
}

/** Marks of the cache that a format sets of itself, a limit that it cannot do without, and stops that the gateway sees to are no loss. */
export function added(wanted: Contents, ...formats: readonly string[]): readonly string[] {
  const parts = wanted.messages.flatMap((message) => message.parts)
  const marked = [...parts, ...wanted.tools].some((one) => 'cache' in one && one.cache !== null)
  return [
    ...(marked ? [] : ['cache marks']),
    ...(wanted.sampling.maxOutput === null ? ['limit'] : []),
    ...(formats.some((format) => UNSAID_STOPS[format]?.(wanted.stop) === true) ? ['stop'] : []),
  ]
}

/** What of a request is left to compare. */
export function comparable(contents: Contents, lossy: readonly string[]): object {
  const { messages, tools, toolChoice, parallelCalls, answer, thinking, ...rest } = left(contents, lossy)
  const { sampling, stop, verbosity, user, cacheKey, serviceTier, logprobs, metadata } = rest
  const hasTools = tools.length > 0
  return {
    messages: inOneForm(messages),
    tools: tools.map(toolInOneForm),
    // Where there are tools, `auto` is what happens when nobody says.
    toolChoice: hasTools && toolChoice !== 'auto' ? toolChoice : null,
    parallelCalls: hasTools && parallelCalls === false ? false : null,
    // Some need a name for the form, and make one up.
    answer: answer === null || answer.form === 'text' ? null : { form: answer.form, schema: answer.schema },
    // In words or in tokens.
    effort: effortOfThinking(thinking),
    ...{ sampling, stop, verbosity, user, cacheKey, serviceTier, logprobs, metadata },
  }
}

/** Free text may be the one argument of a function, and a tool is not strict where nobody says so. */
function toolInOneForm({ name, description, schema, strict, free, cache }: Tool): object {
  const properties = isObject(schema) ? schema['properties'] : null
  const takesText = isObject(properties) && Object.keys(properties).join() === 'input'
  if (free !== null || takesText) return { name, takes: 'text', form: free?.form ?? null, cache }
  return { name, takes: schema, description, strict: strict === true, cache }
}

const freeText = (text: string): string => JSON.stringify({ input: text })

/** In the middle of a conversation the user says it, where a format has no place for it there. */
const isSystem = ({ role }: Message): boolean => role === 'system' || role === 'developer'

interface Told {
  readonly role: string
  readonly parts: readonly object[]
}

function inOneForm(messages: readonly Message[]): readonly Told[] {
  const ids = new Map<string, string>()
  const named = (id: string): string => ids.get(id) ?? ids.set(id, `call ${ids.size}`).get(id)!
  const all = withMediaBehind(messages)
  const talk = all.findIndex((message) => !isSystem(message))
  const first = talk < 0 ? all.length : talk
  const told = all.map((message, at): Message & { readonly id: string | null } => ({
    ...message,
    role: isSystem(message) ? (at < first ? 'system' : 'user') : message.role,
    parts: message.parts.map((part): Part => (part.kind === 'call' ? { ...part, id: named(part.id) } : part)),
    id: message.result === null ? null : named(message.result.id),
  }))
  return told.reduce<Told[]>((all, message) => {
    const last = all.at(-1)
    const joined = joinedTexts(message.parts)
    const own = { role: message.role, name: message.name, id: message.id }
    // Neighbours of one role are one turn.
    if (last !== undefined && message.result === null && last.role === message.role)
      return [...all.slice(0, -1), { ...last, parts: joinedTexts([...(last.parts as Part[]), ...joined]) }]
    return [...all, { ...own, parts: joined }]
  }, [])
}

/** Media that a tool gave may stand behind the results of that turn, and a failure may be said in words: not every format has a place for them. */
function withMediaBehind(messages: readonly Message[]): readonly Message[] {
  const out: Message[] = []
  let media: Part[] = []
  const flush = (): void => {
    if (media.length > 0) out.push({ role: 'user', parts: media, name: null, result: null })
    media = []
  }
  for (const message of messages) {
    const { result } = message
    if (result === null) {
      flush()
      out.push(message)
      continue
    }
    media.push(...message.parts.filter((part) => 'source' in part))
    const texts = message.parts.filter((part) => !('source' in part))
    out.push({ ...message, parts: result.failed ? failed(texts) : texts, result: { ...result, failed: false } })
  }
  flush()
  return out
}

function failed(texts: readonly Part[]): Part[] {
  const words = texts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('\n')
  return [{ kind: 'text', text: `Error: ${words}`, cache: null }]
}

/** Texts that follow each other are one, unless the cache ends between them; a message without a word is one with an empty text. */
function joinedTexts(parts: readonly Part[]): Part[] {
  const all: Part[] = []
  for (const part of parts) {
    const last = all.at(-1)
    if (part.kind === 'text' && part.text === '' && part.cache === null) continue
    if (part.kind === 'text' && last?.kind === 'text' && last.cache === null)
      all.splice(-1, 1, { ...part, text: `${last.text}\n${part.text}` })
    else if (part.kind === 'call')
      all.push({ ...part, free: false, arguments: part.free ? freeText(part.arguments) : sorted(part.arguments) })
    else if (part.kind === 'file' && part.source.kind === 'text') {
      const said: Part = { kind: 'text', text: part.source.text, cache: part.cache }
      if (last?.kind === 'text' && last.cache === null)
        all.splice(-1, 1, { ...said, text: `${last.text}\n${said.text}` })
      else all.push(said)
    } else if ('source' in part) all.push({ ...part, name: null, detail: null })
    else all.push(part)
  }
  return all
}

/** Arguments as JSON without blanks: some formats hold them as an object. */
function sorted(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json))
  } catch {
    return json
  }
}

// ---------------------------------------------------------------- answers

/** A token and how likely it was, and what else might have stood there: its bytes are those of its text. */
type Likely = readonly [token: string, logprob: number, others: readonly (readonly [token: string, logprob: number])[]]

/** A part of an answer, whole. */
export type Whole =
  | { readonly kind: 'text' | 'thought' | 'refusal'; readonly text: string; readonly likely?: readonly Likely[] }
  | {
      readonly kind: 'call'
      readonly id: string
      readonly name: string
      readonly free: boolean
      readonly arguments: string
    }
  | { readonly kind: 'seal'; readonly maker: string; readonly value: string; readonly of: 'thought' | 'call' }
  | { readonly kind: 'citation'; readonly url: string }
  | { readonly kind: 'end'; readonly finish: string; readonly stop: string | null }

/** The parts of the first choice, in which order they began; however many pieces they came in. */
export function wholeParts(pieces: readonly Piece[]): Whole[] {
  const all: Whole[] = []
  const slots = new Map<number, number>()
  for (const piece of pieces) {
    if (piece.choice !== 0) continue
    const last = all.at(-1)
    switch (piece.kind) {
      case 'text':
      case 'thought':
      case 'refusal':
        if (piece.text === '' && piece.logprobs === undefined) break
        if (last?.kind === piece.kind)
          all.splice(-1, 1, { ...last, text: last.text + piece.text, ...likelyOf(piece, last) })
        else all.push({ kind: piece.kind, text: piece.text, ...likelyOf(piece) })
        break
      case 'call': {
        const at = slots.get(piece.slot)
        const known = at === undefined ? undefined : all[at]
        if (piece.begins !== null) {
          if (known !== undefined) throw new Error(`the call in slot ${piece.slot} begins twice`)
          slots.set(piece.slot, all.length)
          all.push({ kind: 'call', ...piece.begins, arguments: piece.arguments })
        } else if (known?.kind === 'call') all[at!] = { ...known, arguments: known.arguments + piece.arguments }
        else throw new Error(`more of a call in slot ${piece.slot} that did not begin`)
        break
      }
      case 'seal':
        all.push({
          kind: 'seal',
          maker: piece.seal.maker,
          value: piece.seal.value,
          of: piece.slot === null ? 'thought' : 'call',
        })
        break
      case 'citation':
        all.push({ kind: 'citation', url: piece.url })
        break
      case 'end':
        all.push({ kind: 'end', finish: piece.finish, stop: piece.stop })
    }
  }
  return all
}

function likelyOf(
  { logprobs }: TextPiece,
  before?: { readonly likely?: readonly Likely[] },
): { likely?: readonly Likely[] } {
  const own = (logprobs ?? []).map(({ token, logprob, top }): Likely => [
    token,
    logprob,
    top.map((one) => [one.token, one.logprob]),
  ])
  const likely = [...(before?.likely ?? []), ...own]
  return likely.length === 0 ? {} : { likely }
}
