/** How vLLM is asked in two phases: one engine reads the prompt, another one fetches its KV blocks and answers. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Member } from '../../core/types.ts'
import type { Handover } from '../format.ts'
import { members, memberValue } from '../json/members.ts'
import { spliced } from '../json/splice.ts'

const FIELD = 'kv_transfer_params'

const READ_FOR_ANOTHER = JSON.stringify({
  do_remote_decode: true,
  do_remote_prefill: false,
  remote_engine_id: null,
  remote_block_ids: null,
  remote_host: null,
  remote_port: null,
})

/** A least length would be above the one token that is made; the others go with a stream. */
const LEFT_OUT: ReadonlySet<string> = new Set(['stream_options', 'min_tokens', 'min_completion_tokens'])
const NONE: ReadonlySet<string> = new Set()

export const HANDOVER: Handover = {
  reading(composed, model) {
    const list = members(composed)
    if (list === null || !isOnePrompt(composed, list)) return null
    const set = new Map([
      ['model', JSON.stringify(model)],
      ['stream', 'false'],
      ['max_tokens', '1'],
      [FIELD, READ_FOR_ANOTHER],
    ])
    if (list.some(({ key }) => key === 'max_completion_tokens')) set.set('max_completion_tokens', '1')
    return spliced(composed, list, { set, remove: LEFT_OUT })
  },
  kept(answer) {
    const bytes = Buffer.from(answer)
    const list = members(bytes) ?? []
    const value = memberValue(bytes, list, FIELD)
    if (!isObject(value) || Object.keys(value).length === 0) return null
    // As it came: a number may have more digits than we can hold.
    const { valueStart, valueEnd } = list.findLast(({ key }) => key === FIELD)!
    return bytes.toString('utf8', valueStart, valueEnd)
  },
  answering: (composed, kept) => spliced(composed, members(composed)!, { set: new Map([[FIELD, kept]]), remove: NONE }),
}

/** The blocks of one prompt are handed over, to one answer, and nothing is told of what is only fetched. */
function isOnePrompt(body: Buffer, list: readonly Member[]): boolean {
  for (const key of ['n', 'best_of']) {
    const value = memberValue(body, list, key)
    if (value !== undefined && value !== null && value !== 1) return false
  }
  if (memberValue(body, list, 'echo') === true) return false
  if ((memberValue(body, list, 'prompt_logprobs') ?? null) !== null) return false
  const prompt = memberValue(body, list, 'prompt')
  return !Array.isArray(prompt) || prompt.length === 1 || prompt.every((token) => typeof token === 'number')
}
