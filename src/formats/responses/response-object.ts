/** The object that an answer is in: what it repeats of the request, and how it stands. Pure. */
import type { Finish } from '../../core/finish.ts'
import type { Usage } from '../../core/settlement.ts'
import type { ContentsPrompt } from '../contents-prompt.ts'
import { writeUsage } from './usage.ts'

export interface Origin {
  readonly id: string
  readonly model: string
  /** Epoch seconds. */
  readonly created: number
}

/** How an answer stands. `error`: why it failed. */
export interface Standing {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed'
  /** Why it is not complete. */
  readonly reason: string | null
  readonly error: { readonly code: string; readonly message: string } | null
  readonly usage: Usage | null
}

export const IN_PROGRESS: Standing = { status: 'in_progress', reason: null, error: null, usage: null }

/** How an answer stands that has ended so. */
export function standingOf(finish: Finish | null, usage: Usage | null): Standing {
  const standing = { reason: null, error: null, usage }
  switch (finish) {
    case 'length':
      return { ...standing, status: 'incomplete', reason: 'max_output_tokens' }
    case 'content_filter':
      return { ...standing, status: 'incomplete', reason: 'content_filter' }
    case 'error':
      return { ...standing, status: 'failed', error: { code: 'server_error', message: 'The model failed.' } }
    default:
      return { ...standing, status: 'completed' }
  }
}

/** What is repeated of the request, as it was written there, and what stands for nothing. */
const ECHOED: readonly (readonly [member: string, unsaid: string])[] = [
  ['instructions', 'null'],
  ['max_output_tokens', 'null'],
  ['max_tool_calls', 'null'],
  ['metadata', '{}'],
  ['parallel_tool_calls', 'true'],
  ['previous_response_id', 'null'],
  ['prompt_cache_key', 'null'],
  ['reasoning', '{"effort":null,"summary":null}'],
  ['safety_identifier', 'null'],
  ['store', 'true'],
  ['temperature', 'null'],
  ['text', '{"format":{"type":"text"}}'],
  ['tool_choice', '"auto"'],
  ['tools', '[]'],
  ['top_logprobs', '0'],
  ['top_p', 'null'],
  ['truncation', '"disabled"'],
  ['user', 'null'],
]

/** Made once for each answer: agents send long lists of tools. */
export function echoOf(prompt: ContentsPrompt): string {
  return ECHOED.map(([member, unsaid]) => {
    const told = prompt.bytesOf(member)?.toString() ?? 'null'
    return `"${member}":${told === 'null' ? unsaid : inOneLine(told)}`
  }).join(',')
}

/** An event has one line of data. */
const inOneLine = (json: string): string => (/[\r\n]/.test(json) ? JSON.stringify(JSON.parse(json)) : json)

/** As JSON text. `echo`: by `echoOf`. */
export function responseObject(origin: Origin, standing: Standing, output: readonly object[], echo: string): string {
  const { status, reason, error, usage } = standing
  const tier = usage?.tier ?? null
  const head = {
    id: origin.id,
    object: 'response',
    created_at: origin.created,
    status,
    background: false,
    error,
    incomplete_details: reason === null ? null : { reason },
    model: origin.model,
    output,
    service_tier: tier,
    usage: usage === null ? null : writeUsage(usage),
  }
  return `${JSON.stringify(head).slice(0, -1)},${echo}}`
}
