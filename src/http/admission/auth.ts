/** Who calls: key -> principal. Keys exist here only as SHA-256 hashes. */
import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../../core/errors.ts'
import { ANONYMOUS, type Principal } from '../../core/principal.ts'
import type { Holder } from '../../keys/keyring.ts'
import type { KeyStore } from '../../keys/key-store.ts'
import type { Arrival } from '../arrival.ts'
import { keyInQuery } from '../key-in-query.ts'
import { unknownKey } from './key-shape.ts'

/** Notes who calls; what is wrong with the key, or null. Where no keys are asked for everybody is `anonymous`. */
export function unknownCaller(arrival: Arrival, keys: Pick<KeyStore, 'required' | 'find'>): GatewayError | null {
  if (!keys.required) {
    arrival.principal = ANONYMOUS
    return null
  }
  const found = holderOf(arrival, keys)
  if (found instanceof GatewayError) return found
  arrival.principal = found.key
  return found.scope === 'read' && !reads(arrival.request) ? spends(found) : null
}

export const principalOf = ({ principal }: Arrival): Principal => principal ?? ANONYMOUS

const KEY_HEADERS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'] as const

/** Claude Code sends both kinds of header at times; any good one counts. */
function holderOf({ request, target }: Arrival, keys: Pick<KeyStore, 'find'>): Holder | GatewayError {
  let why = 'No API key; send it as "Authorization: Bearer <key>", "x-api-key", "api-key" or "x-goog-api-key".'
  if (/^(?!bearer\b|basic\b)\S+$/i.test(request.headers.authorization ?? ''))
    why = 'The authorization header has no "Bearer " before the key; send "Authorization: Bearer <key>".'
  else if (/^bearer$/i.test(request.headers.authorization?.trim() ?? ''))
    why = 'The authorization header ends after "Bearer": the key is empty, such as a variable that is not set.'
  for (const token of tokensOf(request.headers, target)) {
    const found = keys.find(token)
    if (found !== null && typeof found === 'object') return found
    why = found ?? unknownKey(token)
  }
  return new GatewayError('invalid_api_key', why)
}

function* tokensOf(headers: IncomingMessage['headers'], target: string): Generator<string> {
  for (const header of KEY_HEADERS) {
    const token = tokenIn(header, headers[header])
    if (token !== null) yield token
  }
  const key = keyInQuery(target)
  if (key !== null) yield key
}

const BEARER = /^bearer /i

function tokenIn(header: string, value: string | string[] | undefined): string | null {
  if (typeof value !== 'string') return null
  if (header === 'authorization') return BEARER.test(value) ? value.slice(7).trim() : null
  return value === '' ? null : value
}

/** What costs nothing and changes nothing comes with these methods. */
const reads = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD'

const spends = ({ key }: Holder): GatewayError =>
  new GatewayError('forbidden', `Key "${key.id}" may only read: GET /v1/models and GET /health.`)
