/** What `telemetry` sends to, and with: mistakes here would show only as exports that fail. */
import { z } from 'zod'

const ADDRESS = /^https?:\/\/[^/?#@]+(\/[^?#]*)?$/i
const SIGNAL = /\/v1\/(traces|metrics)\/*$/
/** What a header can be called and can carry. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/
const SENDABLE = /^[\x20-\x7e]*$/
/** They say what the body is, and the exporter knows. */
const OWN: ReadonlySet<string> = new Set(['content-type', 'content-length', 'transfer-encoding', 'host', 'connection'])

export const collectorUrl = z
  .url({ error: 'is not a URL; write it like "http://127.0.0.1:4318"', abort: true })
  .refine(
    (url) => ADDRESS.test(url),
    'is not http:// or https:// with a host, and no more than a path; write it like "http://127.0.0.1:4318"',
  )
  .refine((url) => !SIGNAL.test(url), 'contains the path of a signal; leave that out, it is added')

export const collectorHeaders = z
  .record(
    z.string().min(1),
    z
      .string()
      .refine((value) => SENDABLE.test(value), 'contains a line end or a non-ASCII character; write plain ASCII'),
  )
  .superRefine((headers, context) => {
    for (const name of Object.keys(headers)) {
      if (!NAME.test(name)) context.addIssue({ code: 'custom', path: [name], message: 'is no name of a header' })
      if (OWN.has(name.toLowerCase()))
        context.addIssue({ code: 'custom', path: [name], message: 'is set by the gateway; leave it out' })
    }
  })
