/** Asks a backend which models it has, by the sources of its provider. Free paths only: nothing here makes a token. */
import type { BackendSpec } from '../../core/settings.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { DiscoverySource } from '../../core/provider.ts'
import type { HttpAnswer, HttpClient } from '../upstream/http-client.ts'
import { ask, credentials, parseJson } from './ask.ts'
import {
  describe,
  type Described,
  type ListedModel,
  merge,
  MOST_MODELS,
  nextMark,
  NOTHING_SAID,
  readEntries,
} from './read-list.ts'
import { blamesKey, refusalOf, silenceOf } from './refused-list.ts'

export interface FoundModel extends Described {
  /** Changes when the engine's entry of the model does. */
  readonly print: string
}

export type Discovery =
  /** `complete` false: some part of a list or some detail did not come, the next time tells more. */
  | { readonly found: true; readonly models: ReadonlyMap<string, FoundModel>; readonly complete: boolean }
  | {
      readonly found: false
      /** Short, without an address. */
      readonly reason: string
      /** HTTP status; null = no answer came. */
      readonly status: number | null
      /** It will be there soon. */
      readonly loading: boolean
      readonly late: boolean
      /** It wants a key, or another one. */
      readonly refusesKey: boolean
    }

/** What was learnt by one question for one model, kept while the model's entry stays the same. */
export type DetailCache = Map<string, { readonly print: string; readonly said: Described }>

export interface DiscoveryTools {
  readonly client: HttpClient
  /** Ends the whole search. */
  readonly signal: AbortSignal
  readonly cache: DetailCache
}

const PARALLEL = 4
const MOST_PAGES = 20
const LOADING = /load|start|warm|initiali[sz]|not ready/i

/** Never rejects. */
export async function discover(spec: BackendSpec, tools: DiscoveryTools): Promise<Discovery> {
  const models = new Map<string, FoundModel>()
  let failure: Discovery | null = null
  let answered = false
  let whole = true
  let complete = true
  for (const [index, source] of spec.provider.discovery.entries()) {
    if (source.perModel) {
      complete = (await askEach(spec, source, index, models, tools)) && complete
      continue
    }
    const result = await askList(spec, source, tools)
    if ('entries' in result) {
      answered = true
      whole = whole && result.next === null
      for (const entry of result.entries) add(models, entry)
    } else if (source.required) return result
    else {
      failure ??= result
      complete = complete && !tools.signal.aborted
    }
  }
  if (!answered && failure !== null) return failure
  // A model on a part that did not come is not gone.
  if (whole) forget(tools.cache, models)
  return { found: true, models, complete: complete && whole }
}

interface Listing {
  readonly entries: readonly ListedModel[]
  /** What the rest is to be asked for with; null = there is none. */
  readonly next: string | null
}

/** A list with all its parts, as far as they come. Without its first part there is none. */
async function askList(
  spec: BackendSpec,
  source: DiscoverySource,
  tools: DiscoveryTools,
): Promise<Listing | Discovery> {
  const first = await askPage(spec, source, source.path, tools)
  if (!('entries' in first)) return first
  const entries = [...first.entries]
  const asked = new Set<string>()
  let { next } = first
  while (next && !asked.has(next) && asked.size < MOST_PAGES - 1 && entries.length < MOST_MODELS) {
    asked.add(next)
    const page = await askPage(spec, source, pathOf(source, next), tools)
    if (!('entries' in page)) break
    entries.push(...page.entries)
    next = page.next
  }
  return { entries, next }
}

function pathOf({ path, pages }: DiscoverySource, mark: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${encodeURIComponent(pages!.param)}=${encodeURIComponent(mark)}`
}

async function askPage(
  spec: BackendSpec,
  source: DiscoverySource,
  path: string,
  tools: DiscoveryTools,
): Promise<Listing | Discovery> {
  let answer: HttpAnswer
  try {
    answer = await askPath(spec, source, path, source.body, tools)
  } catch (thrown) {
    return { found: false, ...silenceOf(thrown, spec), status: null, loading: false, refusesKey: false }
  }
  const { status, text } = answer
  if (status !== 200) {
    const loading = status === 503 && LOADING.test(text)
    const reason = loading ? 'loading' : refusalOf(status, text, spec)
    return { found: false, reason, status, loading, late: false, refusesKey: blamesKey(status, text) }
  }
  const value = parseJson(text)
  const entries = readEntries(value, source)
  if (entries === null) {
    const reason = refusalOf(status, text, spec)
    return { found: false, reason, status, loading: false, late: false, refusesKey: false }
  }
  return { entries, next: source.pages === undefined ? null : nextMark(value, source.pages) }
}

/** One question for each model that was not asked about in this version; false where some stayed without an answer. */
async function askEach(
  spec: BackendSpec,
  source: DiscoverySource,
  index: number,
  models: Map<string, FoundModel>,
  tools: DiscoveryTools,
): Promise<boolean> {
  const { cache } = tools
  const missing: string[] = []
  for (const [id, { print }] of models) if (cache.get(cacheKey(index, id))?.print !== print) missing.push(id)
  const askNext = async (): Promise<void> => {
    for (let id = missing.pop(); id !== undefined && !tools.signal.aborted; id = missing.pop()) {
      const said = await askDetail(spec, source, id, tools)
      if (said !== null) cache.set(cacheKey(index, id), { print: models.get(id)!.print, said })
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, askNext))
  let complete = true
  for (const [id, model] of models) {
    const kept = cache.get(cacheKey(index, id))
    if (kept?.print === model.print) models.set(id, { print: model.print, ...merge(model, kept.said) })
    else complete = false
  }
  return complete
}

/** Null where it is worth asking again: no answer, or one of a moment. A refusal is an answer: an older version lacks the path. */
async function askDetail(
  spec: BackendSpec,
  source: DiscoverySource,
  id: string,
  tools: DiscoveryTools,
): Promise<Described | null> {
  try {
    const path = source.path.replaceAll('{id}', encodeURIComponent(id))
    const body = source.body === null ? null : bodyFor(source.body, id)
    const { status, text } = await askPath(spec, source, path, body, tools)
    if (status === 429 || status >= 500) return null
    const answer = status === 200 ? parseJson(text) : undefined
    if (answer === undefined) return NOTHING_SAID
    if (source.list === '') return describe(answer, source)
    const entries = readEntries(answer, source) ?? []
    return entries.find((entry) => entry.id === id || entry.id === null) ?? NOTHING_SAID
  } catch {
    return null
  }
}

function askPath(
  spec: BackendSpec,
  { method }: DiscoverySource,
  path: string,
  body: JsonObject | null,
  { client, signal }: DiscoveryTools,
): Promise<HttpAnswer> {
  return ask(client, { url: spec.root + path, method, headers: credentials(spec), body, signal })
}

/** With the name of the model in place of `{id}`. */
export const bodyFor = (body: JsonObject, id: string): JsonObject => withId(body, id) as JsonObject

function withId(value: Json | undefined, id: string): Json | undefined {
  if (typeof value === 'string') return value.replaceAll('{id}', () => id)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => withId(item, id) ?? null)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withId(item, id)]))
}

function add(models: Map<string, FoundModel>, entry: ListedModel): void {
  const ids = entry.id === null ? [...models.keys()] : [entry.id]
  for (const id of ids) {
    const known = models.get(id)
    models.set(id, { print: known?.print ?? entry.print, ...merge(known ?? NOTHING_SAID, entry) })
  }
}

const cacheKey = (index: number, id: string): string => `${index} ${id}`

/** Models that are gone take what was kept of them along. */
function forget(cache: DetailCache, models: ReadonlyMap<string, FoundModel>): void {
  for (const key of cache.keys()) if (!models.has(key.slice(key.indexOf(' ') + 1))) cache.delete(key)
}
