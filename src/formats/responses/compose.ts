/** The request as a backend of this format can take it: the caller's bytes, with no more changed than it is known to refuse. */
import type { Effort } from '../../core/capabilities.ts'
import { effortIn, effortRule } from '../../core/effort-rule.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { EffortRule } from '../../core/provider.ts'
import type { Deployment, GatewayRequest } from '../../core/types.ts'
import type { Steps } from '../../core/slices.ts'
import { members, withElements } from '../json/members.ts'
import { joined, splice, spliced } from '../json/splice.ts'
import type { Composing } from '../format.ts'
import type { ContentsPrompt } from '../contents-prompt.ts'
import { ROUTING_FIELDS } from '../routing-fields.ts'
import { effortOfWord } from '../thinking.ts'
import { toolsAfter } from '../tool-changes.ts'
import { dropped, WITHOUT_SEALS } from './adapt.ts'
import { composedContents } from './compose-contents.ts'
import { listOf, says, textOf } from './fields.ts'
import { isOurs } from './ids.ts'
import { isOwn, responsesPrompt } from './request.ts'

/** More of them are joined: a system takes no more than so many in one write. */
const MOST_PIECES = 64

export function* compose(request: GatewayRequest, deployment: Deployment, how: Composing): Steps<readonly Buffer[]> {
  if (!isOwn(request)) return [composedContents(request, deployment, how)]
  const prompt = responsesPrompt(request)
  const { body, raw, members: list } = prompt
  const set = new Map<string, string | readonly Buffer[]>()
  const remove = new Set<string>()
  if (request.model !== deployment.model) set.set('model', JSON.stringify(deployment.model))
  // Whoever asks here has put what was said before into `input`.
  if (says(body['previous_response_id'])) remove.add('previous_response_id')
  const refused = dropped(how)
  for (const field in body) if (ROUTING_FIELDS.has(field) || refused.includes(field)) remove.add(field)
  const limit = limitOf(body['max_output_tokens'], how.maxTokens)
  if (limit !== null) set.set('max_output_tokens', String(limit))
  for (const [field, json] of effortEdits(prompt, deployment, how)) set.set(field, json)
  const tools = toolsAfter(how.changes, raw, list)
  if (tools !== null) set.set('tools', tools)
  const sealless = how.changes.includes(WITHOUT_SEALS)
  const input = body['input']
  if (Array.isArray(input) && (input as readonly Json[]).some((item) => isForeign(item, sealless))) {
    if (!how.lossy.includes('seals')) how.lossy.push('seals')
    set.set('input', yield* withoutForeign(prompt, sealless))
  }
  if (set.size === 0 && remove.size === 0) return [raw]
  const pieces = spliced(raw, list, { set, remove })
  return pieces.length <= MOST_PIECES ? pieces : [yield* joined(pieces)]
}

/** Null: as the caller says. `lowered`: what a budget allows. */
function limitOf(own: Json | undefined, lowered: number | null): number | null {
  if (lowered === null || (typeof own === 'number' && own <= lowered)) return null
  return lowered
}

/** Members that say what was chosen. Where the caller says how hard to think that counts more: it stands if the model has it, else it becomes the nearest. */
function effortEdits(prompt: ContentsPrompt, deployment: Deployment, how: Composing): [string, string][] {
  const own = prompt.body['reasoning']
  const word = isObject(own) ? textOf(own['effort']) : null
  const effort = word === null ? how.effort : effortOfWord(word)
  const rule = effortRule(deployment.backend.provider, deployment.model)
  const told = effort === null || rule === null ? null : effortIn(rule, effort)
  if (told === null || (isObject(own) && says(own['effort']) && (word === null || told === effort))) return []
  if (told !== effort && !how.lossy.includes('effort')) how.lossy.push('effort')
  return Object.entries(effortFields(rule!, told)).map(([field, value]) => {
    const json = field === 'reasoning' ? prompt.bytesOf(field) : null
    const inner = json === null ? null : members(json)
    if (json === null || inner === null) return [field, JSON.stringify(value)]
    const word = JSON.stringify((value as JsonObject)['effort'])
    return [field, splice(json, inner, { set: new Map([['effort', word]]), remove: NO_KEYS }).toString()]
  })
}

/** How this backend is told: as in chat, but for the one field that is called otherwise here. */
function effortFields({ fields }: EffortRule, effort: Effort): JsonObject {
  const { reasoning_effort: word, ...rest } = fields[effort] ?? {}
  return word === undefined ? rest : { ...rest, reasoning: { effort: word } }
}

const NO_KEYS: ReadonlySet<string> = new Set()

/** A thought that this backend cannot read, or has never had: another one made it, or the gateway wrote it. */
function isForeign(item: Json, sealless: boolean): boolean {
  if (!isObject(item) || item['type'] !== 'reasoning') return false
  const sealed = textOf(item['encrypted_content'])
  if (sealed !== null) return sealless || sealed.startsWith('turnout.')
  // Without a seal it is known by its id alone, unless its text is there.
  const id = textOf(item['id'])
  return (id !== null && isOurs(id) && !tells(item)) || (sealless && !tells(item))
}

const tells = ({ content }: JsonObject): boolean => listOf(content).length > 0

const NOTHING = Buffer.alloc(0)
const COMMA = Buffer.from(',')
const OPEN = Buffer.from('[')
const CLOSE = Buffer.from(']')

function* withoutForeign({ raw, body, members: list }: ContentsPrompt, sealless: boolean): Steps<readonly Buffer[]> {
  const start = list.find(({ key }) => key === 'input')!.valueStart
  const items = listOf(body['input'])
  const kept: Buffer[] = []
  yield* withElements(raw, start, (element, index) => {
    if (!isForeign(items[index]!, sealless)) kept.push(kept.length === 0 ? NOTHING : COMMA, element)
    return null
  })
  return [OPEN, ...kept, CLOSE]
}
