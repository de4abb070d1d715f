/** `discovery.lan`: hosts that the operator lists, one by one. No range of addresses is ever searched. */
import { z } from 'zod'
import type { LanHost } from '../core/settings.ts'

/** Each is asked on a dozen ports every half minute. */
const MOST_HOSTS = 64
const HOST = /^(\[[\da-f:.]+\]|[a-z\d](?:[a-z\d._-]*[a-z\d])?)(?::(\d{1,5}))?$/i
const IPV4 = /^(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/

const EXAMPLES = 'write it like "gpu-1", "192.168.1.20" or "192.168.1.20:8000"'

/** What is wrong with an entry; null: nothing. */
export function lanFault(entry: string): string | null {
  if (entry.includes('://')) return `is an address with a scheme; ${EXAMPLES}`
  if (/[*/?]|^[\d.]+-[\d.]+$/.test(entry))
    return `is a range or a path; name each host by itself: nothing is searched that is not listed. For one host, ${EXAMPLES}`
  const parts = HOST.exec(entry)
  if (parts === null || (/^[\d.]+$/.test(parts[1]!) && !IPV4.test(parts[1]!))) return `is not a host; ${EXAMPLES}`
  const port = parts[2] === undefined ? 1 : Number(parts[2])
  return port >= 1 && port <= 65_535 ? null : `is not a host with a port from 1 to 65535; ${EXAMPLES}`
}

export const lan = z
  .array(
    z.string().superRefine((entry, context) => {
      const message = lanFault(entry)
      if (message !== null) context.addIssue({ code: 'custom', message })
    }),
  )
  .max(MOST_HOSTS)
  .superRefine((entries, context) => {
    for (const [index, entry] of entries.entries())
      if (entries.indexOf(entry) < index)
        context.addIssue({ code: 'custom', path: [index], message: 'is listed twice' })
  })

/** Of an entry without a fault. */
export function lanHost(entry: string): LanHost {
  const [, host = '', port] = HOST.exec(entry) ?? []
  return { host: host.toLowerCase(), port: port === undefined ? null : Number(port) }
}
