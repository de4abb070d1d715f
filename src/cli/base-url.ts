/** What `--url` says -> where a server is, without `/v1` and without a slash at its end. Pure. Throws a Refused. */
import { quotedUrl } from '../config/quoted-url.ts'
import { Refused } from './refused.ts'

/** Some host, a port, a path: an address without its scheme. What may hold a secret is none. */
const BARE = /^(?:localhost|[\w-]+(?:\.[\w-]+)+|[\w-]+(?=:\d)|\[[\da-f:]+\])(?::\d+)?(?:\/[^@?#\s]*)?$/i

/** `example`: a URL of such a server. */
export function baseUrl(text: string, example: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const remedy = BARE.test(text) ? `http://${text}` : `one such as ${example}`
    throw new Refused(`--url: ${quotedUrl(text)} is not a URL; write ${remedy}`)
  }
  return url.origin + url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')
}

export const GATEWAY_URL = 'http://127.0.0.1:7070'
export const ADMIN_URL = 'http://127.0.0.1:7071'
