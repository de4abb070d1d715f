/** The request as one backend can take it: the caller's bytes, with no more changed than that backend is known to refuse. */
import { isObject } from '../../core/is-object.ts'
import type { Json } from '../../core/json.ts'
import type { GatewayError } from '../../core/errors.ts'
import type { Deployment, GatewayRequest, Member } from '../../core/types.ts'
import type { Steps } from '../../core/slices.ts'
import { members, withElements } from '../json/members.ts'
import { joined, splice, spliced } from '../json/splice.ts'
import { OPEN_BRACE } from '../json/scan.ts'
import { ROUTING_FIELDS } from '../routing-fields.ts'
import { toolsAfter } from '../tool-changes.ts'
import type { Composing } from '../format.ts'
import { adapted, mayLearnToDrop, type Quirks } from './adapt.ts'
import { openAIPrompt, type OpenAIPrompt } from './prompt.ts'
import { effortEdits } from './compose-effort.ts'
import { limitEdits } from './compose-limit.ts'
import { changesMessages, withMessages } from './compose-messages.ts'

/** Whether this call asks the backend for usage in the stream. */
export function asksUsage(request: GatewayRequest, deployment: Deployment): boolean {
  return request.stream && deployment.backend.includeUsage && !deployment.live.refusesUsage
}

/** More of them are joined: a system takes no more than so many in one write. */
const MOST_PIECES = 64

/** The body to send, in steps: tens of thousands of messages may have to change. The caller's own buffer where nothing has to change. */
export function* composeInSteps(
  request: GatewayRequest,
  deployment: Deployment,
  { effort, changes, maxTokens, lossy }: Pick<Composing, 'effort' | 'changes' | 'maxTokens' | 'lossy'>,
): Steps<readonly Buffer[]> {
  const quirks = adapted(deployment.backend.provider.request, changes)
  const prompt = openAIPrompt(request)
  const { body, raw, members: list } = prompt
  const remove = fieldsToDrop(request, prompt, deployment, quirks)
  const renames = Object.keys(quirks.rename).filter((field) => body[field] !== undefined && body[field] !== null)
  const newModel = request.model !== deployment.model
  const newUsage = addsUsage(request, prompt, deployment)
  const newMessages = changesMessages(body['messages'], quirks)
  const newDocuments = quirks.rerankStrings && Array.isArray(body['documents']) && body['documents'].some(isObject)
  const newEffort = effortEdits(prompt, deployment, effort, lossy)
  for (const field of newEffort.remove) remove.add(field)
  const newLimit = withToolEdits(limitEdits(prompt, quirks, maxTokens), prompt, changes)
  const edits = newModel || newUsage || newMessages || newDocuments || newEffort.set.size > 0 || newLimit.size > 0
  if (!edits && remove.size === 0 && renames.length === 0) return [raw]
  const find = (key: string): Member | undefined => list.find((member) => member.key === key)
  const set = new Map<string, string | readonly Buffer[]>()
  if (newModel) set.set('model', JSON.stringify(deployment.model))
  if (newUsage) set.set('stream_options', withUsage(raw, find('stream_options')))
  for (const field of renames) {
    const member = find(field)!
    remove.add(field)
    set.set(quirks.rename[field]!, raw.toString('utf8', member.valueStart, member.valueEnd))
  }
  if (newMessages)
    set.set(
      'messages',
      yield* withMessages(raw, find('messages')!.valueStart, body['messages'] as readonly Json[], quirks),
    )
  if (newDocuments) set.set('documents', yield* plainDocuments(raw, find('documents')!.valueStart))
  newEffort.set.forEach((value, field) => set.set(field, value))
  newLimit.forEach((value, field) => set.set(field, value))
  const pieces = spliced(raw, list, { set, remove })
  return pieces.length <= MOST_PIECES ? pieces : [yield* joined(pieces)]
}

function withToolEdits(
  edits: ReadonlyMap<string, string>,
  { raw, members: list }: OpenAIPrompt,
  changes: readonly string[],
): ReadonlyMap<string, string> {
  const tools = toolsAfter(changes, raw, list)
  return tools === null ? edits : new Map([...edits, ['tools', tools]])
}

function fieldsToDrop(
  { stream }: GatewayRequest,
  { body }: OpenAIPrompt,
  { live, backend }: Deployment,
  { drop, rename }: Quirks,
): Set<string> {
  const remove = new Set<string>()
  const { drop: byFile } = backend.provider.request
  for (const key in body)
    if (ROUTING_FIELDS.has(key) || byFile.includes(key) || (drop.includes(key) && mayLearnToDrop(key, body[key])))
      remove.add(key)
  // Null is absent: under the other name it would replace what the caller says there.
  for (const key in rename) if (body[key] === null) remove.add(key)
  // Options of a stream beside no stream are refused by many.
  const noOptions = !stream || live.refusesUsage || !backend.includeUsage
  if (noOptions && body['stream_options'] !== undefined) remove.add('stream_options')
  return remove
}

/** Whether the call adds its wish for usage to the caller's stream options. */
const addsUsage = (request: GatewayRequest, { wantsUsage }: OpenAIPrompt, deployment: Deployment): boolean =>
  asksUsage(request, deployment) && !wantsUsage

/** Old engines answer 400 to `stream_options`, which the gateway adds: then the same backend is called once more without it. */
export const refusesUsage = (error: GatewayError): boolean =>
  error.code === 'invalid_request' && /stream_options|include_usage/.test(error.message)

/** The stream options with usage asked for; the rest of them as it is. */
function withUsage(raw: Buffer, options: Member | undefined): string {
  const own = options && raw.subarray(options.valueStart, options.valueEnd)
  const list = own && members(own)
  if (own === undefined || !list) return '{"include_usage":true}'
  return splice(own, list, { set: new Map([['include_usage', 'true']]), remove: NO_KEYS }).toString()
}

const NO_KEYS: ReadonlySet<string> = new Set()

/** Documents as plain strings, each text byte for byte. */
function* plainDocuments(raw: Buffer, start: number): Steps<readonly Buffer[]> {
  const change = (document: Buffer): Buffer | null => {
    const text = document[0] === OPEN_BRACE ? members(document)?.findLast((member) => member.key === 'text') : undefined
    return text === undefined ? null : document.subarray(text.valueStart, text.valueEnd)
  }
  return (yield* withElements(raw, start, change)) ?? NO_DOCUMENTS
}

const NO_DOCUMENTS = [Buffer.from('[]')]
