/** Addresses that hand out credentials to whoever asks from inside a cloud: a request through the gateway must not reach them. */
import { BlockList, isIP } from 'node:net'

const NAMES = new Set(['metadata', 'metadata.google.internal', 'metadata.goog', 'instance-data'])

const addresses = new BlockList()
addresses.addSubnet('169.254.0.0', 16, 'ipv4')
addresses.addAddress('100.100.100.200', 'ipv4')
addresses.addSubnet('fe80::', 10, 'ipv6')
addresses.addAddress('fd00:ec2::254', 'ipv6')
// 169.254.0.0/16 inside of IPv6: the compatible form and NAT64. The mapped form is known to BlockList.
addresses.addSubnet('::a9fe:0', 112, 'ipv6')
addresses.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')

/** `host`: as URL.hostname gives it, so decimal, hex and octal spellings are dotted already. */
export function isForbidden(host: string): boolean {
  const bare = host.replace(/^\[|\]$|\.$/g, '').toLowerCase()
  const family = isIP(bare)
  return family === 0 ? NAMES.has(bare) : addresses.check(bare, family === 6 ? 'ipv6' : 'ipv4')
}
