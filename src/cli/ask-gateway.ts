/** A decision of a running gateway: its POST /v1/route. */
import { isObject } from '../core/is-object.ts'
import { HttpClient } from '../backends/upstream/http-client.ts'
import { transportReason } from '../core/transport.ts'
import { type ShownDecision, isDecision } from '../observe/explain/shape.ts'
import { quotedUrl } from '../config/quoted-url.ts'
import { ExplainError } from './explain-error.ts'
import { NoGateway } from './find-gateway.ts'

const LIMIT_MS = 15_000

/** `url`: with or without /v1. Throws an ExplainError that says what to do, or a NoGateway where it is none. */
export async function askGateway(body: Buffer, url: string, key: string | undefined): Promise<ShownDecision> {
  const answer = await post(routeOf(url), body, key)
  const value = parsed(answer.text)
  if (answer.status === 200 && isDecision(value)) return value
  const error = isObject(value) && isObject(value['error']) ? value['error'] : null
  if (typeof error?.['message'] === 'string' && 'source' in error)
    throw new ExplainError(`${String(error['code'])}: ${error['message']}`)
  throw new NoGateway(
    `${new URL(url).origin} is not a Turnout gateway of this version (it answers with status ${answer.status})`,
  )
}

function routeOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new ExplainError(`--url: ${quotedUrl(text)} is not a URL; write one such as http://127.0.0.1:7070`)
  url.pathname = `${url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}/v1/route`
  return url
}

async function post(url: URL, body: Buffer, key: string | undefined): Promise<{ status: number; text: string }> {
  const client = new HttpClient({ connectMs: LIMIT_MS })
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  }
  try {
    return await client.call({ url, method: 'POST', headers, body, signal: AbortSignal.timeout(LIMIT_MS) })
  } catch (thrown) {
    throw new ExplainError(`--url: ${url.origin} does not answer (${transportReason(thrown)})`)
  } finally {
    await client.destroy()
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
