/** Hosts and origins as browsers write them. A wrong one would show only as a refusal. */
import { z } from 'zod'

export const hostPattern = z
  .string()
  .refine(
    (host) => /^(\*|[\w*.-]+|[\da-f:.]*:[\da-f:.]+)$/i.test(host),
    'is not a host; write a name or an address without scheme, port and path, like "llm.example.com" or "*.example.com"',
  )

export const originPattern = z
  .string()
  .refine(
    (origin) => /^(\*|loopback|null|file:\/\/|[a-z][a-z\d+.-]*:\/\/[^/?#@\s]+)$/i.test(origin),
    'is not an origin; write scheme and host without a path, like "https://app.example.com" or "http://localhost:*"',
  )

export const headerNames = z
  .array(
    z.string().regex(/^(\*|[\w-]+)$/, 'is not the name of a header; write it like "authorization", or "*" for any'),
  )
  .min(1, 'is empty; write "*" for any')
