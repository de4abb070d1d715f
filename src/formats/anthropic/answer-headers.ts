/** What answers say in headers, under the names that Anthropic's clients look for. Pure. */

/** Ours, and theirs. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['x-request-id', 'request-id'],
  ...['requests', 'tokens'].flatMap((of) =>
    ['limit', 'remaining', 'reset'].map(
      (what) => [`x-ratelimit-${what}-${of}`, `anthropic-ratelimit-${of}-${what}`] as const,
    ),
  ),
])

/** Of a flat list of names and values those that are there. `nowMs`: epoch; theirs say when, ours how long. */
export function answerHeaders(list: readonly string[], nowMs: number): string[] {
  const more: string[] = []
  for (let at = 0; at < list.length; at += 2) {
    const name = NAMES.get(list[at]!)
    if (name === undefined) continue
    const value = list[at + 1]!
    more.push(name, name.endsWith('-reset') ? momentAfter(value, nowMs) : value)
  }
  return more
}

/** A duration such as `12s` or `450ms`. */
function momentAfter(duration: string, nowMs: number): string {
  const ms = duration.endsWith('ms') ? Number(duration.slice(0, -2)) : Number(duration.slice(0, -1)) * 1000
  return new Date(nowMs + ms).toISOString()
}
