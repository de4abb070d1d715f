/**
 * The path that a request means. A wrong base URL is the most frequent mistake of all, so its usual forms are served. A path is
 * put right before it is routed: authentication, limits and budgets see the path of the table and nothing else. Pure.
 */
import { didYouMean } from '../core/did-you-mean.ts'
import { ENDPOINTS, RESPONSES } from '../core/endpoints.ts'
import { GatewayError } from '../core/errors.ts'

const VERSION = '/v1'

/** Paths of the table without their version, and of the lists of models. */
const TAILS = [...ENDPOINTS.map(({ path }) => path), '/v1/models', '/v1/models/*', `${RESPONSES.path}/*`]
  .filter((path) => path.startsWith(`${VERSION}/`))
  .map((path) => path.slice(VERSION.length))
const FIXED = TAILS.filter((tail) => !tail.endsWith('*'))
/** Answers by their ids. */
const KEPT_ANSWERS = `${RESPONSES.path.slice(VERSION.length)}/`
/** Beginnings of those that hold a name. */
const OPEN = TAILS.filter((tail) => tail.endsWith('*')).map((tail) => tail.slice(0, -1))

/** Known as they are: nothing is computed for them. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['/', '/metrics', '/health', '/v1/models'],
  ...ENDPOINTS.map(({ path }) => path).filter((path) => !path.includes('*')),
])

/** What a base URL may end in, once or several times over: `/v1/v1`, `/openai/v1`, `/anthropic/v1`, `/api/v1`. */
const BASE = /^(?:\/(?:(?:api|openai|anthropic)\/)?v1(?=\/)|\/v1beta\/openai(?=\/)|\/openai(?=\/(?!deployments\/)))+/

/** The target of a request line with its path as the routes have it; any other is only freed of doubled slashes and of one at its end. */
export function canonicalUrl(url: string): string {
  if (KNOWN.has(url)) return url
  const target = url.replace(/^https?:\/\/[^/?#]*/i, '')
  const query = target.indexOf('?')
  const path = plain(query < 0 ? target : target.slice(0, query))
  return (geminiPath(path) ?? inferencePath(path) ?? path) + (query < 0 ? '' : target.slice(query))
}

/** The path of a target, as routes are found by it: percent-encoding of what needs none is undone. */
export function pathOf(url: string): string {
  const end = url.search(/[?#]/)
  const path = end < 0 ? url : url.slice(0, end)
  if (!path.includes('%')) return path
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}

/** Whom an absolute target is for: `host:port`; null for the usual form, whose Host header says it. */
export const authorityOf = (url: string): string | null => /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? null

const plain = (path: string): string => path.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '') || '/'

function inferencePath(path: string): string | null {
  const rest = path.replace(BASE, '')
  if (isOllamaPath(rest) && OLLAMA_PATHS.includes(rest)) return rest
  const open = OPEN.find((start) => rest.startsWith(start))
  if (FIXED.includes(rest) || (open !== undefined && open !== KEPT_ANSWERS)) return VERSION + rest
  // The URL of an endpoint was taken for the base URL, and the SDK has put its path behind it.
  const doubled = FIXED.find((tail) => rest.startsWith(`${tail}/`))
  const inside = doubled === undefined ? null : inferencePath(rest.slice(doubled.length))
  return inside ?? (open === undefined ? null : VERSION + rest)
}

const GEMINI = '/v1beta'
/** What Google's clients call, by the ends of the paths of the table. */
const VERBS = ENDPOINTS.flatMap(({ path }) => (path.startsWith(`${GEMINI}/models/*:`) ? [path.split(':')[1]!] : []))
const CALL = new RegExp(`^(?:/(?:api|gemini|v1|v1beta|v1alpha))*/models/(.+:(?:${VERBS.join('|')}))$`)
const LIST = /^(?:\/(?:api|gemini|v1))*(?:\/v1beta|\/v1alpha)+\/models(\/.+)?$/

/** Google's paths stand below the version of its API; some clients ask below another. */
function geminiPath(path: string): string | null {
  if (!path.includes('/models')) return null
  const call = CALL.exec(path)
  if (call !== null) return `${GEMINI}/models/${call[1]!}`
  const list = LIST.exec(path)
  return list === null ? null : `${GEMINI}/models${list[1] ?? ''}`
}

/** Of a canonical URL. */
export const isGeminiPath = (url: string): boolean => url.startsWith(`${GEMINI}/`)

/** Clients of Ollama's own API read an error that is a text. Its OpenAI paths are below /v1 and have been put right before. */
export const isOllamaPath = (path: string): boolean => path === '/api' || path.startsWith('/api/')

const OLLAMA_PATHS = [
  ...ENDPOINTS.map(({ path }) => path).filter(isOllamaPath),
  ...['/api/tags', '/api/show', '/api/ps', '/api/version'],
]

/** What most callers want. */
const COMMON = [...ENDPOINTS.slice(0, 4).map(({ path }) => path), '/v1/models']

/** What to change so that a path that nothing serves is one that is. */
export function pathAdvice(path: string): string {
  if (isOllamaPath(path) && !path.includes(`${VERSION}/`))
    return `Of Ollama's own API ${OLLAMA_PATHS.join(', ')} are served; OpenAI's is at the base URL http://HOST/v1.`
  if (path.startsWith('/openai/deployments/'))
    return "Azure's deployment paths are not served here; set the base URL to http://HOST/v1 and put the model into the field `model`."
  const tail = FIXED.find((one) => path.toLowerCase().endsWith(one))
  if (tail !== undefined)
    return `This is POST ${VERSION}${tail} of the gateway: set the base URL to http://HOST/v1, with nothing before or after the /v1.`
  const near = didYouMean(
    path,
    FIXED.map((one) => VERSION + one),
    '"',
    false,
  )
  return near === ''
    ? `The inference paths are below /v1: ${COMMON.join(', ')}.`
    : `The inference paths are below /v1${near}`
}

/** The error of a path that nothing serves. */
export const noSuchPath = (method: string, path: string): GatewayError =>
  new GatewayError('not_found', `No such path: ${method} ${path.slice(0, 200)}. ${pathAdvice(path)}`)
