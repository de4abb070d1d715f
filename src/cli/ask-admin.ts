/** What the admin API of a running gateway answers to a GET. */
import { isObject } from '../core/is-object.ts'
import { HttpClient } from '../backends/upstream/http-client.ts'
import { ConfigError } from '../config/issues.ts'
import { needKnown } from '../config/view.ts'
import { transportReason } from '../core/transport.ts'
import { ADMIN_URL, baseUrl } from './base-url.ts'
import type { Io } from './io.ts'
import { ownUrl } from './own-url.ts'
import { Refused } from './refused.ts'
import { viewed } from './viewed.ts'

const LIMIT_MS = 15_000

export interface AdminClientOptions {
  readonly url?: string | undefined
  readonly token?: string | undefined
  readonly config?: string | undefined
}

/** `path`: with its query. Throws a ConfigError, or a Refused that says what to do. */
export async function askAdmin(
  path: string,
  options: AdminClientOptions,
  io: Io,
): Promise<Readonly<Record<string, unknown>>> {
  const base = options.url === undefined ? await configured(options.config, io) : baseUrl(options.url, ADMIN_URL)
  const token = options.token ?? io.env['TURNOUT_ADMIN_TOKEN'] ?? ''
  if (token === '') throw new Refused('no token: set TURNOUT_ADMIN_TOKEN or pass --token')
  const url = new URL(path, base)
  const { status, text } = await get(url, token)
  const value = parsed(text)
  if (status === 200 && isObject(value)) return value
  const error = isObject(value) && isObject(value['error']) ? value['error']['message'] : null
  throw new Refused(
    typeof error === 'string' ? error : `${url.origin} answers ${status}: this is not an admin API of Turnout`,
  )
}

async function configured(asked: string | undefined, io: Io): Promise<string> {
  const found = await viewed(asked, io)
  if (found === null) throw new Refused('there is no configuration; pass --url with the address of the admin API')
  const { file, config } = found
  const { admin } = config
  if (admin === null)
    throw new ConfigError([{ path: 'admin', message: 'is missing: without it there is no admin API' }], file)
  needKnown(config, file, 'admin.host', 'admin.port')
  return ownUrl(admin)
}

async function get(url: URL, token: string): Promise<{ status: number; text: string }> {
  const client = new HttpClient({ connectMs: LIMIT_MS })
  try {
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
    return await client.call({ url, method: 'GET', headers, signal: AbortSignal.timeout(LIMIT_MS) })
  } catch (thrown) {
    throw new Refused(
      `${url.origin} does not answer (${transportReason(thrown)}); is the gateway running, with \`admin\` in its configuration?`,
    )
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
