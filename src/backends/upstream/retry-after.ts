/** When a backend wants to be asked again. Headers of OpenAI, Azure, Anthropic and of plain HTTP. */

type Headers = Readonly<Record<string, string | string[] | undefined>>

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)

/**
 * Milliseconds from `nowMs` (wall clock, since a header may be a date); null where no header says.
 * `retry-after-ms` before `retry-after` (seconds or date) before the reset of a limit that stands at 0.
 */
export function retryAfter(headers: Headers, nowMs: number): number | null {
  const wait = wished(headers, nowMs)
  return wait === null ? null : Math.min(wait, LONGEST_MS)
}

/** A longer wish is as good as none: by then somebody has looked after it. */
const LONGEST_MS = 3_600_000

function wished(headers: Headers, nowMs: number): number | null {
  const milliseconds = Number(one(headers['retry-after-ms'])?.trim() || NaN)
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return milliseconds
  const after = one(headers['retry-after'])?.trim() ?? ''
  if (after !== '') {
    const seconds = Number(after)
    if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
    const duration = goDuration(after)
    if (duration !== null) return duration
    const date = Date.parse(after)
    if (Number.isFinite(date)) return Math.max(0, date - nowMs)
  }
  for (const what of ['requests', 'tokens']) {
    if (one(headers[`x-ratelimit-remaining-${what}`]) !== '0') continue
    const reset = goDuration(one(headers[`x-ratelimit-reset-${what}`]) ?? '')
    if (reset !== null) return reset
  }
  return resetOfAnthropic(headers, nowMs)
}

/** Of its limits those that stand at 0, each with the moment of its reset: when the last of them is over. */
function resetOfAnthropic(headers: Headers, nowMs: number): number | null {
  let longest: number | null = null
  for (const what of ['requests', 'tokens', 'input-tokens', 'output-tokens']) {
    if (one(headers[`anthropic-ratelimit-${what}-remaining`]) !== '0') continue
    const reset = Date.parse(one(headers[`anthropic-ratelimit-${what}-reset`]) ?? '')
    if (Number.isFinite(reset)) longest = Math.max(longest ?? 0, reset - nowMs)
  }
  return longest
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** "6m0s", "12ms", "1.5s" or plain seconds, in milliseconds. */
function goDuration(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) return null
  return parts.reduce((sum, part) => sum + Number(part[1]) * UNITS[part[2]!]!, 0)
}
