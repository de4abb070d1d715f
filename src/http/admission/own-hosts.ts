/**
 * Which hosts and origins a request may name. A page on the web can give its own name the address 127.0.0.1 (DNS rebinding); its
 * requests then look to the browser like those to its own server, and only the Host header shows where they come from. Pure.
 */
import { isIP } from 'node:net'
import { glob } from '../../core/glob.ts'
import { hostOf, isLoopbackHost, plainAddress } from '../../core/loopback.ts'

export type OwnHosts = (authority: string, localAddress: string | undefined) => boolean

/**
 * Judges a Host: loopback is always own, so is the address that the connection came to. `names`: hosts, with `*` for any text.
 * `listen`: where the gateway listens. On all addresses, an address of any kind is own to a connection from elsewhere: behind a
 * published port of a container it is another than the one that arrives, and only names can be rebound.
 */
export function ownHosts(names: readonly string[], listen: string): OwnHosts {
  const everywhere = WILDCARDS.has(plainAddress(listen))
  const matches = names.map((name) => glob(plainAddress(name.toLowerCase())))
  const judge: OwnHosts = (authority, localAddress) => {
    const host = hostOf(authority)
    if (host === null) return false
    if (isLoopbackHost(host) || matches.some((own) => own(host))) return true
    if (isIP(host) === 0 || localAddress === undefined) return false
    const own = plainAddress(localAddress)
    return own === host || (everywhere && !isLoopbackHost(own))
  }
  // Nearly all requests name the same host: to read addresses each time would be a cost of every one of them.
  let last: { authority: string; localAddress: string | undefined; own: boolean } | null = null
  return (authority, localAddress) => {
    if (last?.authority !== authority || last.localAddress !== localAddress)
      last = { authority, localAddress, own: judge(authority, localAddress) }
    return last.own
  }
}

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

export type AllowedOrigins = (origin: string) => boolean

/** The word for all origins on this machine, of pages on any port. */
export const LOOPBACK_ORIGINS = 'loopback'

/** Judges an Origin. `listen`: where the gateway listens; elsewhere than on loopback, `loopback` would be the callers' own machines. */
export function allowedOrigins(origins: readonly string[], listen: string): AllowedOrigins {
  const ownPages = origins.includes(LOOPBACK_ORIGINS) && isLoopbackHost(listen)
  const matches = origins.filter((one) => one !== LOOPBACK_ORIGINS).map((one) => glob(one.toLowerCase()))
  return (origin) => {
    const lower = origin.toLowerCase()
    return (ownPages && isLoopbackOrigin(lower)) || matches.some((allowed) => allowed(lower))
  }
}

function isLoopbackOrigin(origin: string): boolean {
  const authority = /^https?:\/\/(.*)$/.exec(origin)?.[1]
  const host = authority === undefined ? null : hostOf(authority)
  return host !== null && isLoopbackHost(host)
}

/** Whether a page of `origin` calls the very host that it came from. */
export const isSameOrigin = (origin: string, authority: string | undefined): boolean =>
  authority !== undefined && /^https?:\/\/(.+)$/i.exec(origin)?.[1]?.toLowerCase() === authority.toLowerCase()
