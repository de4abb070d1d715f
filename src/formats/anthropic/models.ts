/** Lists of models as Anthropic's clients read them. Pure. */
import { LOCAL_ALIAS } from '../../core/model-alias.ts'
import type { Deployment } from '../../core/types.ts'

/** `serving`: what a request with this name may be given to. `since`: epoch seconds. */
export function modelEntry(id: string, serving: readonly Deployment[], since: number): object {
  const contexts = serving.map(({ facts }) => facts.context).filter((context) => context !== null)
  const limits = serving.map(({ facts }) => facts.maxOutput).filter((limit) => limit !== null)
  return {
    type: 'model',
    id,
    display_name: id.startsWith(LOCAL_ALIAS) ? `${id.slice(LOCAL_ALIAS.length)} (local)` : id,
    created_at: new Date(since * 1000).toISOString(),
    // A prompt that is too long for some is given to the others.
    max_input_tokens: contexts.length === 0 ? null : Math.max(...contexts),
    max_tokens: limits.length === 0 ? null : Math.max(...limits),
    capabilities: null,
    lifecycle: 'active',
    line: null,
    deprecated_at: null,
    retires_at: null,
  }
}

/** Entries of one page, and the most. */
const PAGE = 20
const LARGEST_PAGE = 1000

/** One page of them, by `limit`, `after_id` and `before_id`. */
export function modelList(entries: readonly object[], query: Readonly<Record<string, unknown>>): object {
  const { limit, after_id: after, before_id: before } = query
  const wanted = Number(limit ?? PAGE)
  const size = Number.isInteger(wanted) && wanted >= 1 ? Math.min(wanted, LARGEST_PAGE) : PAGE
  const ids = entries.map(idOf)
  const end = typeof before === 'string' && ids.includes(before) ? ids.indexOf(before) : entries.length
  const start = typeof after === 'string' ? ids.indexOf(after) + 1 : 0
  const backwards = typeof before === 'string'
  const data = backwards ? entries.slice(Math.max(start, end - size), end) : entries.slice(start, start + size)
  const [first] = data
  const last = data.at(-1)
  return {
    data,
    has_more: backwards ? end - start > size : start + size < end,
    first_id: first === undefined ? null : idOf(first),
    last_id: last === undefined ? null : idOf(last),
  }
}

const idOf = (entry: object): string => ('id' in entry && typeof entry.id === 'string' ? entry.id : '')
