import type { Test } from 'tap'
import type { FaultUpstream } from '../support/fault-upstream.ts'
import { type ConfigObject, type Gateway, hashed } from '../support/gateway.ts'
import { rig } from '../support/rig.ts'

export const TOKEN = 'admin-token-5d1c8e'

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly text: string
  readonly headers: Headers
}

export interface AdminRig {
  readonly gateway: Gateway
  readonly upstream: FaultUpstream
  readonly url: string
  /** `token` null: none is sent. */
  readonly ask: (method: string, path: string, body?: unknown, token?: string | null) => Promise<Answer>
  /** The status of a chat with this key. */
  readonly chat: (key: string, model?: string) => Promise<Answer>
}

/** What any server answers. */
export async function send(url: string, method: string, token: string | null, body?: unknown): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    text,
    body: text.startsWith('{') ? (JSON.parse(text) as Answer['body']) : {},
    headers: answer.headers,
  }
}

/** A gateway with an admin API and a file of keys, before the upstream `up` with `tiny` and `big`. */
export async function adminRig(test: Test, config: ConfigObject = {}): Promise<AdminRig> {
  const { gateway, upstreams } = await rig(test, {
    upstreams: { up: { models: ['tiny', 'big'] } },
    config: {
      admin: { port: 0, token: hashed(TOKEN) },
      store: { keys: `${test.testdir({})}/keys.json` },
      routes: [{ name: 'small', candidates: ['up/tiny'] }],
      ...config,
    },
  })
  const url = gateway.adminUrl ?? ''
  return {
    gateway,
    upstream: upstreams['up']!,
    url,
    ask: (method, path, body, token = TOKEN) => send(`${url}${path}`, method, token, body),
    chat: (key, model = 'tiny') =>
      send(`${gateway.url}/v1/chat/completions`, 'POST', key, { model, messages: [{ role: 'user', content: 'Hi' }] }),
  }
}
