/** What a list of models says, read by the paths of a discovery source. Pure: the answer is a stranger's and may be anything. */
import type { Capability } from '../../core/capabilities.ts'
import { isModelId } from '../../core/model-id.ts'
import type { DiscoverySource, ListPages } from '../../core/provider.ts'
import { valueAt } from '../../core/value-at.ts'

/** What an engine tells about a model; null and absent = it does not say. */
export interface Described {
  /** In force at the moment. */
  readonly context: number | null
  /** With which it is loaded, whatever is in force. */
  readonly configured: number | null
  /** That it was trained for. */
  readonly trained: number | null
  /** Of its file. */
  readonly bytes: number | null
  /** Its architecture. */
  readonly family: string | null
  /** The model that it is an adapter of. */
  readonly parent: string | null
  readonly capabilities: Readonly<Partial<Record<Capability, boolean>>>
}

export const NOTHING_SAID: Described = {
  context: null,
  configured: null,
  trained: null,
  bytes: null,
  family: null,
  parent: null,
  capabilities: {},
}

export interface ListedModel extends Described {
  /** Null = the entry speaks for every model of the backend. */
  readonly id: string | null
  /** Changes when the model does: answers about this model can be kept while it stays the same. */
  readonly print: string
}

/** A list longer than this is no list of models. */
export const MOST_MODELS = 10_000
/** A mark of the next part that is longer than this belongs into no URL. */
const MOST_MARK = 2_048
/** Half of a surrogate pair cannot be written into a URL: the attempt throws. */
const HALF_SIGN = /\p{Surrogate}/u
/** Of a server with several slots: what it has is shared among them. */
const SLOTS_IN_TEXT = /--parallel[\s"=:,]+(\d+)/
const SIZE_IN_TEXT = /(?:num_ctx|n_ctx|ctx-size|context_length|max_model_len)[\s"=:,]+(\d+)/

/** The entries of an answer; null where it has no list at the expected place. One object counts as a list of one. */
export function readEntries(answer: unknown, source: DiscoverySource): ListedModel[] | null {
  const list = valueAt(answer, source.list)
  // How servers in Go write an empty list.
  if (list === null && source.list !== '') return []
  if (typeof list !== 'object' || list === null) return null
  const items: readonly unknown[] = Array.isArray(list) ? list : [list]
  const entries: ListedModel[] = []
  for (const item of items.slice(0, MOST_MODELS)) {
    const id = source.id === '' ? null : valueAt(item, source.id)
    if (id !== null && !isModelId(id)) continue
    entries.push({ id, print: printOf(item), ...describe(item, source) })
  }
  // An object without the id that every entry has is somebody else's answer.
  return entries.length === 0 && items.length > 0 ? null : entries
}

/** What the next part of a list is asked for with; '' = there is more, but no way to ask for it; null = this was all. */
export function nextMark(answer: unknown, pages: ListPages): string | null {
  if (pages.more !== null && valueAt(answer, pages.more) !== true) return null
  const value = valueAt(answer, pages.from)
  const mark = typeof value === 'number' ? String(value) : value
  if (typeof mark === 'string' && mark !== '') return mark.length <= MOST_MARK && !HALF_SIGN.test(mark) ? mark : ''
  return pages.more === null ? null : ''
}

/** What one entry says of its model. */
export function describe(item: unknown, source: DiscoverySource): Described {
  const { context, configured = [], trained = [], bytes = [], family = [], parent } = source
  const size = (paths: readonly string[]): number | null => firstOf(paths, (path) => sizeOf(valueAt(item, path)))
  const name = (paths: readonly string[]): string | null =>
    firstOf(paths, (path) => {
      const value = valueAt(item, path)
      return isModelId(value) ? value : null
    })
  return {
    context: size(context),
    configured: size(configured),
    trained: firstOf(trained, (path) => sizeOf(valueLike(item, path))),
    bytes: size(bytes),
    family: name(family),
    parent: parent === undefined ? null : name([parent]),
    capabilities: capabilitiesOf(item, source),
  }
}

function firstOf<T>(paths: readonly string[], read: (path: string) => T | null): T | null {
  for (const path of paths) {
    const value = read(path)
    if (value !== null) return value
  }
  return null
}

/** As `valueAt`; of a path `a.*.b` the member of `a` that ends with `.b`: names of members that hold dots are no paths. */
function valueLike(item: unknown, path: string): unknown {
  const [above, end] = path.split('.*')
  const object = end === undefined ? null : valueAt(item, above!)
  if (end === undefined || typeof object !== 'object' || object === null) return valueAt(item, path)
  return Object.entries(object).find(([name]) => name.endsWith(end))?.[1]
}

/** What is known first stays; the other fills the gaps. */
export function merge(first: Described, second: Described): Described {
  return {
    context: first.context ?? second.context,
    configured: first.configured ?? second.configured,
    trained: first.trained ?? second.trained,
    bytes: first.bytes ?? second.bytes,
    family: first.family ?? second.family,
    parent: first.parent ?? second.parent,
    capabilities: { ...second.capabilities, ...first.capabilities },
  }
}

function sizeOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? value : null
  const text = Array.isArray(value) ? value.join(' ') : value
  if (typeof text !== 'string') return null
  const digits = /^\d+$/.test(text) ? text : SIZE_IN_TEXT.exec(text)?.[1]
  return digits === undefined ? null : sizeOf(Math.floor(Number(digits) / Number(SLOTS_IN_TEXT.exec(text)?.[1] ?? 1)))
}

/**
 * Words come as an array, as an object of flags, or as one text. A source that speaks at all says no to what it has a word
 * for and does not name; only chat is never denied by silence, because engines list the skills of a chat model in many ways.
 */
function capabilitiesOf(item: unknown, source: DiscoverySource): Partial<Record<Capability, boolean>> {
  const said: Partial<Record<Capability, boolean>> = {}
  let spoke = false
  for (const path of source.capabilities) {
    const value = valueAt(item, path)
    if (value === undefined || value === null) continue
    spoke = true
    for (const word of wordsOf(value, path)) {
      if (Object.hasOwn(source.words, word)) said[source.words[word]!] = true
      // One text is the kind of the model, and a kind without a word of ours is none that chats.
      else if (typeof value === 'string') said.chat ??= false
    }
  }
  if (!spoke) return said
  for (const capability of Object.values(source.words)) {
    if (capability !== 'chat') said[capability] ??= false
  }
  if (said.chat !== true && (said.embeddings === true || said.rerank === true)) said.chat = false
  return said
}

function wordsOf(value: unknown, path: string): string[] {
  if (typeof value === 'string') return [value]
  if (value === true) return [path.slice(path.lastIndexOf('.') + 1)]
  if (Array.isArray(value)) return value.filter((word) => typeof word === 'string')
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value)
    .filter(([, flag]) => flag !== false && flag !== null)
    .map(([word]) => word)
}

function printOf(item: unknown): string {
  const digest = valueAt(item, 'digest')
  return typeof digest === 'string' && digest !== '' ? digest : JSON.stringify(item)
}
