/** Names and addresses of hosts, in one spelling, and which of them are this machine's own loopback. Pure. */
import { BlockList, isIP } from 'node:net'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** `host[:port]` -> its host in lower case, without a port, a dot at its end, and the brackets of IPv6; null where it is none. */
export function hostOf(authority: string): string | null {
  const [, six, name] = /^(?:\[([\da-f:.]+)\]|([^\s:/?#@[\]\\]+?)\.?)(?::\d*)?$/i.exec(authority) ?? []
  if (six !== undefined) return isIP(six) === 6 ? plainAddress(six) : null
  return name?.toLowerCase() ?? null
}

/** One spelling for each address: IPv6 at its shortest, IPv4 inside of IPv6 as IPv4. What is no address stays as it is. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  return isIP(address) === 6 ? new URL(`http://[${address.split('%', 1)[0] ?? ''}]`).hostname.slice(1, -1) : address
}

/** `host`: as `hostOf` gives it. Names below localhost never leave the machine (RFC 6761). */
export function isLoopbackHost(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true
  const family = isIP(host)
  return family !== 0 && LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4')
}
