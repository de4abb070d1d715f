/** What a status and the words beside it mean: one code of the table, and whom the refusal is about. Pure and total. */
import type { ErrorCode, Scope } from '../../core/errors.ts'
import type { BackendSpec } from '../../core/settings.ts'
import { type UpstreamFault, withoutInput } from '../../formats/upstream-fault.ts'
import { type Lack, lackOf } from './lacks.ts'

export interface Meaning {
  readonly code: ErrorCode
  /** Whom to leave alone for a while. */
  readonly about: Scope
  readonly lack: Lack | null
}

const OVERFLOW =
  /context[_ ](length|size|window|limit)|maximum (context|prompt length|(supported )?sequence length)|max_model_len|max_seq_len|max(imum)?[_ ](session|input)[_ ]len|session_len|\bn_ctx\b|too many (input |prompt )?tokens|too many total text|(prompt|input|inputs?) (is|was|are|tokens?) too (long|large)|prompt too long|input (length|tokens?|token count|tokens? count).{0,40}(exceed|longer|only supports)|input \(\d+ tokens\) is longer|longer than the maximum model length|keep the first \d+ tokens|tokens to keep from the initial prompt|inputs` tokens \+|must have less than \d+ tokens|too large for model with|range of input length|exceeded model token limit|prompt (exceeds|超长)|上下文|长度超限|exceeds?( the)? (model's |model )?max(imum)? (input|context|number of (input )?tokens|of \d+)|prompt token count|total tokens? exceeds?|number of input tokens|tokens? of image and text exceed|length of all messages is too long|max size: \d+ tokens|current length is \d+ while limit|prompt length.{0,60}(exceed|greater|larger)|job requires \d+ pages|reduce the length of the (messages|prompt|input)/i
const OVERFLOW_CODE =
  /exceed_context_size|context_(length_)?exceeded|tokens_limit_reached|model_max_prompt_tokens_exceeded|\b1261\b|string_too_long_for_model/
const BY_THE_MINUTE = /tokens? per (minute|day|hour)|\b(TPM|TPD|RPM|RPD)\b|per[- ](minute|day|hour)|rate limit/i

/** Of the prompt or of the answer: the same words would be refused elsewhere, and are not sent there. */
const FLAGGED_CODE =
  /content_filter|content_policy|ResponsibleAI|moderation|flagged|safety_violation|data_inspection_failed|prohibited_content|sensitive_content|\b1301\b/i
const FLAGGED =
  /\bflagged\b|requires moderation|content[ _-](management |filter(ing)? )?polic|content[ _-]filter|usage (polic|guideline)|\bsafety (system|check|filter|polic|reason)|content violat|content exists risk|inappropriate content|prohibited content|sensitive (content|words?|information)|敏感|\bnew_sensitive\b|considered high risk|prompt injection|responsible ai|community guidelines|blocked by (the )?(content|safety|guardrail|moderat)/i

/** Gemini answers 400 for a wrong key. */
const BAD_KEY =
  /^(api key (not valid|expired|not found)|invalid api key|incorrect api key)|^user location is not supported/i
const NO_CREDIT =
  /insufficient_quota|insufficient (balance|credit|fund)|payment_required|exceeded your current quota|out of credits|no resource package|\bbilling[_ ](hard[_ ]limit|not_active)|over budget|ExceededBudget|is suspended\b.{0,80}\b(balance|spending|pay)|余额不足|欠费/i
/** With 400, which mostly blames the request: only what cannot be quoted from it. */
const NO_CREDIT_400 =
  /^(Arrearage|budget_exceeded|insufficient_quota)\b|^\S* \S* ?(your credit balance is too low|you have reached your specified API usage limits|budget has been exceeded|access denied, please make sure your account is in good standing)/i
/** By the status with which clouds say so, beside 402. */
const NO_CREDITS: ReadonlyMap<number, RegExp> = new Map([
  [400, NO_CREDIT_400],
  [403, NO_CREDIT],
  [412, NO_CREDIT],
  [429, NO_CREDIT],
])
/** Gemini says the same of the limit of one model for a minute or a day. */
const OF_A_METRIC = /quota exceeded for metric|retry in [\d.]+ ?m?s/i
/** More than is left was wanted at most; a smaller request may pass. */
const CAN_AFFORD = /can only afford|fewer max_tokens/i
const NO_MODEL =
  /model_not_found|model_not_allowed|model_decommissioned|\bmodel\b.{0,100}\b(decommissioned|no longer (available|supported))|\b1211\b|模型不存在|(not|n['’]t) have access to( the| this)? model|\bmodel\b.{0,100}\b(not found|(does|do)(n['’]t| not) exist|not exist|is not a valid model)|\b(no such|unknown|invalid) model\b|is not a valid model/i
const NO_ENDPOINT =
  /^(not found|404 page not found|file not found|)$|unexpected endpoint|does not support (embeddings|rerank)|not supported on this/i
/** There is nothing at this path. */
export const isNoEndpoint = (message: string): boolean => NO_ENDPOINT.test(message)

/** A thing that the request names, not the model. */
const NOT_THE_MODEL = /\b(images?|files?|urls?|https?|responses?|conversations?|assistants?|threads?|batch(es)?)\b/i
/** The model wrote what its own server could not read, or does not run. */
const FAILED_GENERATION = /tool_use_failed|json_validate_failed|output_parse_failed|\bDEGRADED function\b/

/** More than a whole minute allows: no wait helps it, and others may still pass. */
const TOO_LARGE = /\brequest too large\b/i
const OF_A_MODEL = /\bmodel\b|\bdeployment\b|limit (reached|exceeded) for [\w./:-]*\d|\bprovider_name\b/i
/** Of all models, though it speaks of models. */
const OF_THE_KEY = /\bapi[ _-]?key\b|\btrial key\b|free-models/i
const OF_ALL =
  /organi[sz]ation|\baccount\b|\bworkspace\b|\bproject\b|\bteam\b|\bsubscription\b|credit|\busers?\b|\btenant\b|concurrent (requests|connections)|\b(weekly|monthly|daily|hourly|session) (usage )?(limit|quota)/i

type Rule = (status: number, words: string, message: string) => boolean

const isOneOf =
  (...statuses: readonly number[]): Rule =>
  (status) =>
    statuses.includes(status)

/** Statuses with which backends blame a request. */
const BLAMES: ReadonlySet<number> = new Set([400, 403, 404, 406, 413, 415, 422, 500])

/** LiteLLM's 401 about a good key. */
const OF_ONE_MODEL = /model_access_denied|\bnot allowed to access (the )?model\b/i

/** The first rule that holds names the error; the last one always does. What is lacking has been looked for before. */
const RULES: readonly (readonly [ErrorCode, Rule])[] = [
  // Not the key is refused but one model of many, which a caller may have named.
  ['upstream_model_missing', (status, words, message) => status === 403 && NO_MODEL.test(`${words} ${message}`)],
  [
    'upstream_quota',
    (status, words, message) =>
      (NO_CREDITS.get(status)?.test(`${words} ${message}`) ?? false) && !OF_A_METRIC.test(message),
  ],
  ['upstream_auth', isOneOf(401, 403)],
  ['upstream_auth', (status, _words, message) => status === 400 && BAD_KEY.test(message)],
  ['upstream_quota', isOneOf(402)],
  ['upstream_rate_limited', isOneOf(429)],
  ['upstream_unsupported', (status, _words, message) => status === 404 && NO_ENDPOINT.test(message)],
  [
    'invalid_request',
    (status, words, message) =>
      status === 404 && NOT_THE_MODEL.test(message) && !/\b(model|deployment)/i.test(`${words} ${message}`),
  ],
  ['upstream_model_missing', isOneOf(404, 410)],
  [
    'upstream_model_missing',
    (status, words, message) => (status === 400 || status === 422) && NO_MODEL.test(`${words} ${message}`),
  ],
  ['upstream_unsupported', isOneOf(405, 501)],
  ['overloaded', isOneOf(503, 529, 498)],
  ['upstream_error', isOneOf(408, 409, 425, 499)],
  ['upstream_error', (status, words, message) => status === 400 && FAILED_GENERATION.test(`${words} ${message}`)],
  ['invalid_request', (status) => status >= 400 && status < 500],
  ['upstream_error', (status) => status >= 500 && status < 600],
  ['upstream_bad_response', () => true],
]

/** `asks`: whether the request asks for what goes by this name; only what it asks for can be lacking. */
export function meaningOf(
  status: number,
  fault: UpstreamFault,
  { provider }: BackendSpec,
  asks: (lack: string) => boolean,
): Meaning {
  const message = withoutInput(fault.message)
  const words = `${fault.code ?? ''} ${fault.type ?? ''}`
  const of = (code: ErrorCode, about: Scope = 'request', lack: Lack | null = null): Meaning => ({ code, about, lack })
  if (status < 500 && status !== 401 && status !== 429 && isFlagged(fault)) return of('content_filter')
  if (status === 413 && BY_THE_MINUTE.test(`${message} ${words}`)) return of('upstream_rate_limited')
  if (isOverflow(status, words, message)) return of('context_length_exceeded')
  const said = `${words} ${message}`
  const nameless = NO_MODEL.test(said) || (status === 404 && NO_ENDPOINT.test(message))
  const lack = (BLAMES.has(status) || OF_ONE_MODEL.test(said)) && !nameless ? lackOf(status, fault) : null
  if (lack !== null && (lack.name === null || asks(lack.name))) return of('upstream_cannot', 'model', lack)
  const code = RULES.find(([, holds]) => holds(status, words, message))![0]
  return of(code, scopeOf(code, said, provider.local))
}

/** The same words would be refused elsewhere. */
export function isFlagged({ flagged, code, type, message }: UpstreamFault): boolean {
  return flagged === true || FLAGGED_CODE.test(`${code ?? ''} ${type ?? ''}`) || FLAGGED.test(withoutInput(message))
}

function isOverflow(status: number, words: string, message: string): boolean {
  if (OVERFLOW_CODE.test(words)) return true
  return [400, 413, 422, 500].includes(status) && OVERFLOW.test(message) && !BY_THE_MINUTE.test(message)
}

/** Clouds limit each model for itself, unless they speak of who asks; an engine of one's own has one queue for all. */
function scopeOf(code: ErrorCode, words: string, local: boolean): Scope {
  switch (code) {
    case 'upstream_auth':
    case 'upstream_unreachable':
    case 'connect_timeout':
      return 'backend'
    case 'upstream_quota':
      return CAN_AFFORD.test(words) ? 'request' : 'backend'
    case 'upstream_rate_limited':
      if (TOO_LARGE.test(words)) return 'request'
      if (OF_THE_KEY.test(words)) return 'backend'
      return OF_A_MODEL.test(words) || !OF_ALL.test(words) ? 'model' : 'backend'
    case 'overloaded':
      return local && !OF_A_MODEL.test(words) ? 'backend' : 'model'
    default:
      return 'model'
  }
}
