/** What makes two requests the same one: everything that is asked, nothing of how the answer is to be sent. */
import type { Body } from './fields.ts'

const NOT_ASKED: ReadonlySet<string> = new Set([
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'n',
  'user',
  'metadata',
  'store',
  'safety_identifier',
  'prompt_cache_key',
])

/** Independent of the order of the members. `seed` is that of the demo; the request's own is part of what is asked. */
export function occasionOf(seed: number, body: Body): string {
  const asked = Object.entries(body)
    .filter(([name]) => !NOT_ASKED.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `${seed} ${JSON.stringify(asked)}`
}
