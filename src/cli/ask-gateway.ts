/** What a running gateway says: its decisions (POST /v1/route), and what it can ask (GET /v1/deployments). */
import { z } from 'zod'
import { isObject } from '../core/is-object.ts'
import { HttpClient } from '../backends/upstream/http-client.ts'
import { transportReason } from '../core/transport.ts'
import { type ShownDeployment, shownDeploymentSchema } from '../http/shown-deployment.ts'
import { type ShownDecision, isDecision } from '../observe/explain/shape.ts'
import { baseUrl, GATEWAY_URL } from './base-url.ts'
import { NoGateway } from './find-gateway.ts'
import { Refused } from './refused.ts'
import type { Whose } from './whose.ts'

/** Where it is, with or without /v1, and who asks. */
export interface Asked {
  readonly url: string
  readonly key: string | undefined
}

const LIMIT_MS = 15_000

/** Throws a Refused that says what to do, a NoGateway where it is none. */
export const askDecision = (body: Buffer, asked: Asked, { endpoint, model }: Whose): Promise<ShownDecision> =>
  ask('/v1/route', body, asked, { endpoint, model }, (value) => (isDecision(value) ? value : null))

const NO_QUERY = {}
const deployments = z.object({ deployments: z.array(shownDeploymentSchema) })

/** The same. */
export const askDeployments = (asked: Asked): Promise<readonly ShownDeployment[]> =>
  ask('/v1/deployments', null, asked, NO_QUERY, (value) => deployments.safeParse(value).data?.deployments ?? null)

/** `read`: null for what is no such answer. */
async function ask<V>(
  path: string,
  body: Buffer | null,
  { url, key }: Asked,
  query: Readonly<Record<string, string | null>>,
  read: (value: unknown) => V | null,
): Promise<V> {
  const address = new URL(baseUrl(url, GATEWAY_URL) + path)
  for (const [name, value] of Object.entries(query)) if (value !== null) address.searchParams.set(name, value)
  const answer = await call(address, body, key)
  const value = parsed(answer.text)
  const found = answer.status === 200 ? read(value) : null
  if (found !== null) return found
  const error = isObject(value) && isObject(value['error']) ? value['error'] : null
  if (typeof error?.['message'] === 'string' && 'source' in error && error['code'] !== 'not_found')
    throw new Refused(`${String(error['code'])}: ${error['message']}`)
  throw new NoGateway(`${new URL(url).origin} is not a Turnout gateway of this version (it answers ${answer.status})`)
}

async function call(url: URL, body: Buffer | null, key: string | undefined): Promise<{ status: number; text: string }> {
  const client = new HttpClient({ connectMs: LIMIT_MS })
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  }
  const signal = AbortSignal.timeout(LIMIT_MS)
  try {
    return await client.call(
      body === null ? { url, method: 'GET', headers, signal } : { url, method: 'POST', headers, body, signal },
    )
  } catch (thrown) {
    throw new Refused(`--url: ${url.origin} does not answer (${transportReason(thrown)})`)
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
