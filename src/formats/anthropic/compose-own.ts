/** A request that came in this format: its own bytes, with no more changed than the backend is known to refuse. */
import { effortIn, effortRuleAt } from '../../core/effort-rule.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { EffortRule } from '../../core/provider.ts'
import type { Deployment, GatewayRequest, Member } from '../../core/types.ts'
import type { Steps } from '../../core/slices.ts'
import type { ContentsPrompt } from '../contents-prompt.ts'
import type { Composing } from '../format.ts'
import { elements, members } from '../json/members.ts'
import { joined, splice, spliced } from '../json/splice.ts'
import { ROUTING_FIELDS } from '../routing-fields.ts'
import { readSeal } from '../seal.ts'
import { toolsAfter } from '../tool-changes.ts'
import { withoutAttribution } from './attribution.ts'
import { effortOfThinking, effortOfWord } from '../thinking.ts'
import type { Lose } from './compose-blocks.ts'
import { loweredTo } from './compose-limit.ts'
import { budgetOf, effortFields, fitting, lowered } from './compose-thinking.ts'
import { SPELLING } from './spelling.ts'

/** More of them are joined: a system takes no more than so many in one write. */
const MOST_PIECES = 64

type Value = string | readonly Buffer[]

export function* passed(
  request: GatewayRequest,
  prompt: ContentsPrompt,
  deployment: Deployment,
  how: Composing,
): Steps<readonly Buffer[]> {
  const { body, raw, members: list } = prompt
  const { place } = how
  const remove = new Set<string>()
  for (const name in body) if (ROUTING_FIELDS.has(name) || place.drop?.includes(name) === true) remove.add(name)
  const set = new Map<string, Value>()
  if (request.model !== deployment.model) set.set('model', JSON.stringify(deployment.model))
  const limit = limitOf(body, loweredTo(how, wantedBudget(prompt, deployment, how)))
  if (limit !== null && limit !== body['max_tokens']) set.set('max_tokens', String(limit))
  thinkingEdits(prompt, deployment, how, limit, set)
  const tools = toolsAfter(how.changes, raw, list)
  if (tools !== null) set.set('tools', tools)
  if (place.maker !== true) {
    const system = plainSystem(body['system'], raw, spanOf(list, 'system'))
    if (system === NOTHING) remove.add('system')
    else if (system !== null) set.set('system', system)
  }
  const changes = changesOf(body['messages'], place.maker === true)
  if (changes.size > 0) set.set('messages', yield* withMessages(raw, spanOf(list, 'messages'), changes))
  if (set.size === 0 && remove.size === 0) return [raw]
  const pieces = spliced(raw, list, { set, remove })
  return pieces.length <= MOST_PIECES ? pieces : [yield* joined(pieces)]
}

const spanOf = (list: readonly Member[], key: string): Member | undefined =>
  list.findLast((member) => member.key === key)

/** Tokens of the answer: the caller's limit, or the lower one of a budget. */
function limitOf(body: JsonObject, lowered: number | null): number | null {
  const own = body['max_tokens']
  if (typeof own !== 'number') return lowered
  return lowered === null ? own : Math.min(own, lowered)
}

// ---------------------------------------------------------------- thinking

/**
 * A word of the caller's own counts more than what was chosen: models of the maker read it as it is where they have it, others are told
 * in their fields as well. A budget of thoughts must fit into a limit that was lowered.
 */
function thinkingEdits(
  { body, view }: ContentsPrompt,
  deployment: Deployment,
  how: Composing,
  limit: number | null,
  set: Map<string, Value>,
): void {
  const { effort: chosen, place, maxTokens, lossy } = how
  const lose = (name: string): void => {
    if (!lossy.includes(name)) lossy.push(name)
  }
  if (place.maker === true)
    ownWord(body, effortRuleAt(place, deployment.backend.provider, deployment.model), limit, set, lose)
  const own = place.maker === true ? null : effortOfThinking(view.thinking)
  const effort = own ?? (saysEffort(body) ? null : chosen)
  const fields = effort === null ? null : effortFields(place, deployment, effort, lose)
  for (const [name, value] of Object.entries(fields ?? {})) {
    const whole = merged(isObject(value) ? lowered(value, how) : (value ?? null), body[name] ?? null)
    const fits = name === 'thinking' ? withBudget(whole, limit) : whole
    if (fits !== null && JSON.stringify(fits) !== JSON.stringify(body[name])) set.set(name, JSON.stringify(fits))
  }
  const { thinking } = body
  const budget = budgetOf(thinking)
  if (maxTokens === null || budget === null || limit === null || budget < limit) return
  set.set('thinking', JSON.stringify(withBudget(thinking ?? null, limit) ?? { type: 'disabled' }))
}

/** Tokens of thought, of the caller's own number or of what was chosen; null: there is no number for them. */
function wantedBudget({ body, view }: ContentsPrompt, deployment: Deployment, how: Composing): number | null {
  if (how.learnt !== true) return null
  const own = budgetOf(body['thinking'])
  const effort = saysEffort(body) ? effortOfThinking(view.thinking) : how.effort
  if (own !== null || effort === null) return own
  const { thinking } = effortFields(how.place, deployment, effort, () => undefined) ?? {}
  return isObject(thinking) ? budgetOf(lowered(thinking, how)) : null
}

/** A word that the model of the maker refuses, as the nearest that it has; where it takes none at all, as a budget in place of `adaptive`. */
function ownWord(
  { thinking, output_config: config }: JsonObject,
  rule: EffortRule | null,
  limit: number | null,
  set: Map<string, Value>,
  lose: Lose,
): void {
  if (rule === null || !isObject(config) || typeof config['effort'] !== 'string') return
  const { effort: word, ...rest } = config
  const known = effortOfWord(config['effort'])
  const near = known === null ? null : effortIn(rule, known)
  if (near === null) return
  const { thinking: form, output_config: told } = rule.fields[near] ?? {}
  const read = isObject(told) ? (told['effort'] ?? null) : null
  if (read === word || (near === 'none' && read === null)) return
  lose('effort')
  set.set('output_config', JSON.stringify(read === null ? rest : { ...rest, effort: read }))
  if (read === null && isObject(thinking) && thinking['type'] === 'adaptive') {
    const fits = withBudget(form ?? null, limit)
    set.set('thinking', JSON.stringify(fits ?? { type: 'disabled' }))
  }
}

const saysEffort = ({ thinking, output_config: config }: JsonObject): boolean =>
  (thinking ?? null) !== null || (isObject(config) && (config['effort'] ?? null) !== null)

/** What the caller gave stands. */
function merged(value: Json, given: Json): Json {
  if (given === null) return value
  return isObject(given) && isObject(value) ? { ...value, ...given } : given
}

/** Null: it has no room. */
function withBudget(thinking: Json, limit: number | null): Json {
  const budget = budgetOf(thinking)
  if (budget === null || limit === null || !isObject(thinking)) return thinking
  return fitting(thinking, budget, limit)
}

// ---------------------------------------------------------------- what is meant for the maker alone

/** Instructions without the line of attribution, which changes from turn to turn. Null: they have none; `NOTHING`: they are nothing else. */
function plainSystem(system: Json | undefined, raw: Buffer, span: Member | undefined): Value | null {
  if (span === undefined) return null
  if (typeof system === 'string') return plainText(system, raw.subarray(span.valueStart, span.valueEnd))
  const first = Array.isArray(system) ? (system as readonly Json[])[0] : undefined
  if (!isObject(first) || typeof first['text'] !== 'string') return null
  const blocks = elements(raw, span.valueStart) ?? []
  const [head, second] = blocks
  if (head === undefined) return null
  const block = raw.subarray(head.start, head.end)
  const list = members(block)
  const text = list === null ? undefined : spanOf(list, 'text')
  if (list === null || text === undefined) return null
  const plain = plainText(first['text'], block.subarray(text.valueStart, text.valueEnd))
  if (plain === null) return null
  const end = raw.subarray(head.end, span.valueEnd)
  if (plain !== NOTHING) return [OPEN, splice(block, list, { set: new Map([['text', plain]]), remove: NO_KEYS }), end]
  return second === undefined ? NOTHING : [OPEN, raw.subarray(second.start, span.valueEnd)]
}

const NOTHING = ''

/** `text`: may be cut at its end; `json`: all of it. */
function plainText(text: string, json: Buffer): string | null {
  if (withoutAttribution(text) === text) return null
  const plain = withoutAttribution(JSON.parse(json.toString()) as string)
  return plain === '' ? NOTHING : JSON.stringify(plain)
}

const OPEN = Buffer.from('[')

/** Messages with blocks that may not go there: their places, and those of the blocks. */
function changesOf(messages: Json | undefined, maker: boolean): ReadonlyMap<number, ReadonlySet<number>> {
  const changes = new Map<number, ReadonlySet<number>>()
  if (!Array.isArray(messages)) return changes
  for (const [at, message] of (messages as readonly Json[]).entries()) {
    if (!isObject(message) || message['role'] !== 'assistant' || !Array.isArray(message['content'])) continue
    const blocks = (message['content'] as readonly Json[]).flatMap((block, place) =>
      isObject(block) && isForOthers(block, maker) ? [place] : [],
    )
    if (blocks.length > 0) changes.set(at, new Set(blocks))
  }
  return changes
}

/** Anthropic refuses thoughts that it has not signed; nobody else can read those that it hides. */
function isForOthers({ type, signature, data }: JsonObject, maker: boolean): boolean {
  if (type === 'redacted_thinking') return !maker || (typeof data === 'string' && isFromElsewhere(data))
  if (type !== 'thinking' || !maker) return false
  return typeof signature !== 'string' || signature === '' || isFromElsewhere(signature)
}

const isFromElsewhere = (seal: string): boolean => readSeal(seal, SPELLING.format).maker !== SPELLING.format

/** What says nothing any more is left out as a whole. */
function* withMessages(
  raw: Buffer,
  span: Member | undefined,
  changes: ReadonlyMap<number, ReadonlySet<number>>,
): Steps<readonly Buffer[]> {
  const kept: Buffer[] = []
  for (const [at, { start, end }] of (elements(raw, span?.valueStart ?? 0) ?? []).entries()) {
    const blocks = changes.get(at)
    const message = raw.subarray(start, end)
    const plain = blocks === undefined ? message : withoutBlocks(message, blocks)
    if (plain !== null) kept.push(kept.length === 0 ? OPEN : COMMA, plain)
    if (at % MESSAGES_IN_A_STEP === 0) yield
  }
  return kept.length === 0 ? [OPEN, CLOSE] : [...kept, CLOSE]
}

const COMMA = Buffer.from(',')
const CLOSE = Buffer.from(']')
const MESSAGES_IN_A_STEP = 64

/** Null: nothing is left. */
function withoutBlocks(message: Buffer, blocks: ReadonlySet<number>): Buffer | null {
  const list = members(message)
  const content = list === null ? undefined : spanOf(list, 'content')
  if (list === null || content === undefined) return message
  const kept = (elements(message, content.valueStart) ?? []).filter((_, at) => !blocks.has(at))
  if (kept.length === 0) return null
  const texts = kept.map(({ start, end }) => message.toString('utf8', start, end))
  return splice(message, list, { set: new Map([['content', `[${texts.join(',')}]`]]), remove: NO_KEYS })
}

const NO_KEYS: ReadonlySet<string> = new Set()
