/** Finish reasons of all families of engines and clouds, as a few classes. Pure. */
import type { Finish } from '../../core/finish.ts'

/**
 * Words by class, without case, blanks and signs, so that `end_turn`, `END_TURN` and `endTurn` are one entry. Sources: the
 * references of OpenAI, Anthropic, Gemini and Vertex, Bedrock, Cohere, Mistral, watsonx, Together, OpenRouter, DeepSeek,
 * Zhipu, OCI; TGI, llama.cpp, SGLang, vLLM, TensorRT-LLM, node-llama-cpp.
 */
const WORDS: Readonly<Record<Exclude<Finish, 'unknown'>, string>> = {
  stop:
    'stop stopped eos eostoken eosreached eog eogtoken eot eottoken endturn endofturn endoftext endofsequence stopsequence ' +
    'stopsequences stopsequencereached stopcriteriamet stoptoken stoptokens stopword stopwords stopstring stopstr stoptrigger ' +
    'stoppedeos stoppedword matchedstop pauseturn complete completed completion finish finished done end success',
  length:
    'length maxtokens maxtoken maxnewtokens maxoutputtokens maxcompletiontokens maxtokensreached maxlength maxgenlen ' +
    'maxoutputreached modellength tokenlimit lengthlimit lengthcapped limit stoppedlimit errorlimit contextlength ' +
    'contextlengthexceeded modelcontextwindowexceeded contextwindowexceeded contextfull truncated',
  tool_calls: 'toolcalls toolcall tooluse tooluses tools functioncalls',
  function_call: 'functioncall',
  content_filter:
    'contentfilter contentfiltered contentpolicy contentpolicyviolation policyviolation safety errortoxic toxic recitation ' +
    'language blocklist blocked prohibitedcontent spii imagesafety imageprohibitedcontent imagerecitation guardrail ' +
    'guardrailintervened guardrails modelarmor moderation moderated filtered flagged censored sensitive refusal refused',
  error:
    'error errored failed failure fail internalerror servererror networkerror exception abort aborted cancelled canceled ' +
    'cancel usercancel timeout timelimit insufficientsystemresource unexpectedstate malformedfunctioncall malformedresponse ' +
    'malformedmodeloutput malformedtooluse unexpectedtoolcall toomanytoolcalls missingthoughtsignature noimage imageother',
}

/** Words by which engines say that an answer goes on. */
const NO_END: ReadonlySet<string> = new Set(
  'null none nil undefined unspecified notfinished unfinished inprogress ongoing running generating continue'.split(
    ' ',
  ),
)

const BY_WORD: ReadonlyMap<string, Finish> = new Map(
  Object.entries(WORDS).flatMap(([finish, words]) => words.split(' ').map((word) => [word, finish as Finish] as const)),
)

/** Longer is no word of any table. */
const LONGEST = 64

/** `FinishReason.STOP` and `FINISH_REASON_STOP` are `stop` too. */
const squashed = (word: string): string =>
  word
    .slice(0, LONGEST)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
    .replace(/^(finish|stop)reason/, '')

/** A `finish_reason` as it came; null where it says that the answer goes on: absent, empty, or a word for that. */
export function wordOf(reason: unknown): string | null {
  if (typeof reason !== 'string' || reason === '') return null
  const word = squashed(reason)
  return word === '' || NO_END.has(word) ? null : reason
}

/** The class of a word that `wordOf` took for one. */
export const finishOf = (word: string): Finish => BY_WORD.get(squashed(word)) ?? 'unknown'

/** What OpenAI's clients know. */
const STANDARD: ReadonlySet<Finish> = new Set<Finish>([
  'stop',
  'length',
  'tool_calls',
  'function_call',
  'content_filter',
])

/** Whether OpenAI's clients know it. */
export const isStandard = (finish: Finish): boolean => STANDARD.has(finish)

/** What a caller should see where an engine says `reason`: OpenAI's word for it, where there is one; undefined = as it came. */
export function standardReason(reason: unknown): Finish | null | undefined {
  if (typeof reason !== 'string') return undefined
  const word = wordOf(reason)
  if (word === null) return null
  const finish = finishOf(word)
  return finish !== reason && STANDARD.has(finish) ? finish : undefined
}
