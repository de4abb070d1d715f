/**
 * "I cannot" in the words of engines and clouds: what a backend says that it, or its model, lacks. Pure.
 * A lack is the name of a capability, of an endpoint or of a top-level field, or one of those in `classify/lacking.ts`.
 */
import { withoutInput } from './adapt.ts'
import type { UpstreamFault } from '../protocol/upstream-error.ts'

/** What is refused. `name` null: something that has no name here. `ofValue`: with this value only. */
export interface Lack {
  readonly name: string | null
  readonly ofValue: boolean
}

const CODES =
  /\bunsupported_(parameter|value|model|api|feature|operation|content)|model_not_supported|tool_use_unsupported|\bnot_supported|OperationNotSupported|UnsupportedParams|unsupported_api_for_model/i

const REFUSALS =
  /\b(do|does|did)(n['’]t| not) (currently |yet )?(support|accept|allow|provide|permit|handle|work with)\b|\b(cannot|can['’]t|can not|unable to) (support|accept|handle|process|be used|use|request)\b|\b(is|are|was|been)(n['’]t| (therefore |thus )?not) (currently |yet |a )?(supported|enabled|available|allowed|permitted|implemented|multi-?modal|vision|chat|VLM|embedding|reasoning|capable)\b|\bnot (yet |currently )?supported\b|\b(un|non-?)supported\b|\bno endpoints found\b|\bonly (\w+ )?(supports?|supported|accepts?|allows?|allowed|available|be)\b|\bonly (text|one|1|the default|user)\b|\bsupport(s|ed)? only\b|\bavailable only\b|\bunavailable now\b|\brequires? (the )?(--[\w-]+|mmproj|--jinja)|\bmissing data required for\b|\bat most (0|1|one)\b|\bis deprecated for this model\b|\bunknown variant|\bcontent must be (a|of type) ['"`]?string|不支持|\bmust be (set to )?(one of|1\b|exactly|false|true|none|less than or equal)|\binvalid reasoning|\bvalid range of\b|\bworks? in thinking mode\b|\bis incompatible with\b|\bmaximum allowed number of output tokens|\bsupports at most\b|\bnot an? (multi-?modal|vision|chat|embedding|VLM|reasoning)|\bnot in the list of supported\b/i

/** It is about the picture or the sound that was sent, not about pictures or sounds. */
const OF_THE_MEDIUM =
  /\b(image|audio|media|file|mime)[ _-]?(format|type|extension|size|dimensions?|quality)s?\b|\bmime\b|\bmedia[ _]type\b|\burls?\b|\bbase64\b|\bdata uri\b|\bdecod|\bdownload|\bfetch|\bresolution\b|\bcorrupt|\binvalid image\b|\b(jpe?g|png|webp|gif|bmp|tiff|svg|mp3|wav|flac|heic|avif)\b/i
/** It is about one tool or one schema, not about tools or schemas. */
const OF_THE_SCHEMA =
  /\bkeywords?\b|propert(y|ies)\b|\$\w+|\b(any|all|one)Of\b|\brecursi|\bpatternProp|\bstrict\b|\bfunction\.(name|description|parameters)|\binvalid schema\b|\btool_call_id\b|\btool call id\b/i

/** What a refusal speaks of, in the order in which it counts. */
const NAMES: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['endpoint', /\b(on|in|for|via) (this|the) [\w/ ]{0,30}endpoint\b/i],
  ['stream', /\bdoes(n['’]t| not) support stream|\bstream(ing)?( mode)?['"`]? is not\b/i],
  ['whole', /\bonly supports? (the )?stream|\bnon-?stream/i],
  ['audio', /\baudio\b|input_audio|\bspeech\b|\bsounds?\b/i],
  [
    'vision',
    /\bimages?\b|image_url|\bvision\b|\bVLM\b|multi-?modal|mmproj|\bvisual\b|图片|图像|\bcontent must be (a|of type) ['"`]?string/i,
  ],
  ['logprobs', /logprobs?\b|log[ _]?probabilit/i],
  [
    'json_schema',
    /json[ _]?schema|structured[ _]?outputs?|guided[ _]|\bgrammars?\b|\bresponse[ _]?(format|schema)\b|json[ _]mode|json_object/i,
  ],
  ['parallel_tool_calls', /parallel[ _](tool|function)/i],
  ['tool_choice', /\btool_choice\b(?! (param )?requires)/],
  ['tools', /\btools?\b|\btool[_-](use|call|choice)|function[ _-]?call/i],
  [
    'reasoning_effort',
    /\breasoning[_ ]?effort\b.*(must be|invalid|value|one of)|invalid reasoning value|\bthink value\b/i,
  ],
  ['reasoning', /reasoning[_ ]?effort|\bthinking\b|\breasoning\b/i],
  ['prefill', /\bprefill|(last|final) message|end with a user|ending with assistant/i],
  [
    'role:system',
    /\bsystem['"`]? (role|message|prompt|instruction)|\brole\b.{0,40}\bsystem\b|['"`]system['"`]|developer instruction/i,
  ],
  ['role:developer', /\bdeveloper\b/i],
  ['logit_bias', /logit_?bias/i],
  ['presence_penalty', /presence_?penalty/i],
  ['frequency_penalty', /frequency_?penalty/i],
  ['temperature', /\btemperature\b/i],
  ['top_p', /\btop_?p\b/i],
  ['seed', /\bseed\b/i],
  ['stop', /\bstop_?sequences?\b|\bstop\b/i],
  ['n', /\bn\b['"`]?|\b(completion )?choices?\b|multiple candidates|only one candidate|\bcandidate_?count\b/i],
  ['max_tokens', /max_(completion_|output_)?tokens|(output|completion) tokens/i],
  ['dimensions', /\bdimensions?\b|matryoshka/i],
  ['suffix', /\binsert\b|\bsuffix\b|\binfill\b/i],
  ['embeddings', /\bembeddings?\b/i],
  ['rerank', /\brerank|\bscore\b/i],
  ['chat', /\bchat(completion)?\b|conversational|messages api/i],
  ['completions', /\bgenerate(Content)?\b|\bcompletions?\b/i],
]

/** A backend that announces a model and then refuses the model itself: it is not in the plan that was paid for, or not let in. */
const OF_THE_MODEL =
  /\b(requires?|needs?) (a |an )?(\w+ )?(subscription|terms|access|approval|license|agreement|plan)\b|upgrade (for access|your plan|to access)|\bmodel_terms_required\b|\bgated\b|\bblocked at the (project|organi[sz]ation) level|model_permission_blocked|not (authori[sz]ed|permitted|allowed|entitled) to (access|use|call|invoke|sample from)\b|on-demand throughput isn['’]t supported/i

/** Null: these words do not say that something is lacking. `status`: of an answer that blames the request. */
export function lackOf(status: number, { code, type, param, message }: UpstreamFault): Lack | null {
  const words = withoutInput(message)
  if ((status === 403 || status === 400) && isOfTheModel(words, code)) return { name: 'model', ofValue: false }
  const coded = CODES.test(`${code ?? ''} ${type ?? ''}`)
  if (!coded && !REFUSALS.test(words)) return null
  const name = named(`${param ?? ''} ${words}`)
  const ofValue = code === 'unsupported_value' || OF_A_VALUE.test(words)
  if (name === 'vision' || name === 'audio') return OF_THE_MEDIUM.test(words) ? null : { name, ofValue: false }
  if ((name === 'tools' || name === 'json_schema') && OF_THE_SCHEMA.test(words)) return { name: null, ofValue }
  if (name !== null) return { name, ofValue }
  // Without a name only what speaks of the model, or has a code that leaves no doubt.
  return coded || OF_A_SERVER.test(words) ? { name: null, ofValue } : null
}

const OF_A_VALUE = /\bvalues?\b|\bmust be\b|only the default|one of|at most|range/i
const OF_A_SERVER = /\b(model|engine|server|backend|provider|endpoint|deployment)\b/i

const isOfTheModel = (words: string, code: string | null): boolean =>
  OF_THE_MODEL.test(`${words} ${code ?? ''}`) && /\bmodel|subscription|\bterms\b/i.test(words)

/** What is not supported stands behind the word, names of models before it. */
function named(words: string): string | null {
  const behind = words.search(/\bsupport\s/)
  return (behind < 0 ? null : first(words.slice(behind))) ?? first(words)
}

const first = (words: string): string | null => NAMES.find(([, pattern]) => pattern.test(words))?.[0] ?? null
