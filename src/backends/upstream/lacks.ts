/**
 * "I cannot" in the words of engines and clouds: what a backend says that it, or its model, lacks. Pure.
 * A lack is the name of a capability, of an endpoint or of a top-level field, or one of those in `decision/classify/lacking.ts`.
 */
import { type UpstreamFault, withoutInput } from '../../formats/upstream-fault.ts'

/** What is refused. `name` null: something that has no name here. `ofValue`: with this value only. */
export interface Lack {
  readonly name: string | null
  readonly ofValue: boolean
}

const CODES =
  /\bunsupported_(parameter|value|model|api|feature|operation|content)|model_not_supported|tool_use_unsupported|\bnot_supported|OperationNotSupported|UnsupportedParams|unsupported_api_for_model/i

const REFUSALS =
  /\b(do|does|did)(n['’]t| not) (currently |yet )?(support|accept|allow|provide|permit|handle|work with)\b|\b(cannot|can['’]t|can not|unable to) (support|accept|handle|process|be used|use|request)\b|\b(is|are|was|been)(n['’]t| (therefore |thus )?not) (currently |yet |a )?(supported|enabled|available|allowed|permitted|implemented|multi-?modal|vision|chat|VLM|embedding|reasoning|capable)\b|\bnot (yet |currently )?support(ed)?\b|\b(un|non-?)supported\b|\bno endpoints found\b|\bonly (\w+ )?(supports?|supported|accepts?|allows?|allowed|available|be)\b|\bonly (text|one|the default|user|[\d.]+ (is|are))\b|\bonly (\w+ ){1,3}(is|are) (supported|accepted|allowed)\b|\bsupport(s|ed)? only\b|\bavailable only\b|\bunavailable now\b|\brequires? (the )?(--[\w-]+|mmproj)|\bmissing data required for\b|\bat most (0|1|one)\b|\bis deprecated for this model\b|\bunknown variant|\bcontent must be (a|of type) ['"`]?string|不支持|\bmust be (set to )?(one of|1\b|exactly|false|true|none|less than or equal)|\binvalid reasoning|\bvalid range of\b|\bworks? in thinking mode\b|\bis incompatible with\b|\bmaximum allowed number of output tokens|\bsupports at most\b|\bnot an? (multi-?modal|vision|chat|embedding|VLM|reasoning)|\bnot in the list of supported\b|\bunrecogni[sz]ed request argument|\bgreater than max allowed|\bmust either be\b|\bmust have stream|\bcode = Unimplemented\b|\btemplate (is |was )?not (set|defined|found)\b|\bsupported values are:? ['"`]text['"`]\.?$|(value range is|取值范围) ?\[['"]text['"]\]|\brange of max_\w*tokens\b|\brequest-level structured output\b|\(image_ranges\) = 0/i

/** Ordinary words, which refuse only beside the name of something that may be lacking. */
const OF_A_NAME =
  /\b(is|are|was) (currently )?(disabled|unavailable)\b|\bextra (inputs|fields) (are )?not permitted\b|\bno \w+ models? (is|are) (currently )?loaded\b|\bnot appear to be an?\b|\bbut the model is not\b|\bmust be verified to stream\b|\bno longer allowed\b|\bunknown (parameter|name|argument|field)\b|\bexpected last role\b|\blast message must have role\b|(^|\s)[`'"]?--[a-z][\w-]+/i

/** A field without the one that it goes with: the caller's to mend, wherever it is sent. */
const INCOMPLETE =
  /\bonly (allowed|permitted|valid|supported) (when|if|with)\b.{0,60}\b(specified|enabled|provided|set|present)\b/i

/** Too much of something, two things together, or one in a place of its own: the model has each of them. */
const OF_THIS_REQUEST =
  /\btool[_ -](role|messages?|results?)\b|\bat most [1-9]\d* (image|audio|video|file)|\bonly one system\b|\bproperty ['"`]?messages\b|\bmore than one image\b|\bunknown (parameter|name)\W+(messages|tools)\W?\[|\bmust have stream|\bschema (contains|features?|fields?)\b|\b(json|output)[ _]schema (contains|features?|fields?)\b|\b(functions?|tools?)\b.{0,12}\b(with|is incompatible with)\b.{0,24}\b(reasoning_effort|response)|\bstream=true['"`]? with\b|\bresponse_format is not supported with tools\b/i

/** It is about the picture or the sound that was sent, not about pictures or sounds. */
const OF_THE_MEDIUM =
  /\b(image|audio|media|file|mime)[ _-]?(format|type|extension|size|dimensions?|quality)s?\b|\bmime\b|\bmedia[ _]type\b|\burls?\b|\bbase64\b|\bdata uri\b|\bdecod|\bdownload|\bfetch|\bresolution\b|\bcorrupt|\binvalid image\b|\b(jpe?g|png|webp|gif|bmp|tiff|svg|mp3|wav|flac|heic|avif)\b/i
/** It is about one tool or one schema, not about tools or schemas. */
const OF_THE_SCHEMA =
  /\bkeywords?\b|propert(y|ies)\b(?! ['"`]?\w+['"`]? is unsupported)|\$\w+|\b(any|all|one)Of\b|\brecursi|\bpatternProp|\bstrict\b|\bfunction\.(name|description|parameters)|\binvalid schema\b|\btool_call_id\b|\btool call id\b/i

/** What a refusal speaks of, in the order in which it counts. */
const NAMES: readonly (readonly [name: string, pattern: RegExp])[] = [
  [
    'endpoint',
    /\b(on|in|for|via) (this|the) [\w/ ]{0,30}endpoint\b|\bonly supported (on|in|via) [`'"]?\/?v1\/|\bis an? (embeddings?|rerank\w*|image|audio|speech|reward) model\b|\bcode = Unimplemented\b/i,
  ],
  ['stream', /\bdoes(n['’]t| not) support stream|\bstream(ing)?( mode)?['"`]? is not\b|\bverified to stream\b/i],
  ['whole', /\bonly supports? (the )?stream|\bnon-?stream/i],
  ['audio', /\baudio\b|input_audio|\bspeech\b|\bsounds?\b/i],
  [
    'vision',
    /\bimages?\b|image_url|\bvision\b|\bVLM\b|multi-?modal|(?<!--)mmproj|content(\[\])?\.type\b|image_ranges|\bvisual\b|图片|图像|\bcontent must be (a|of type) ['"`]?string/i,
  ],
  ['top_logprobs', /\blogprobs of \d+, which is greater\b|\blogprobs greater than\b/i],
  ['logprobs', /logprobs?\b|log[ _]?probabilit/i],
  [
    'json_schema',
    /json[ _]?schema|structured[ _]?outputs?|guided[ _]|\bgrammars?\b|\bresponse[ _]?(format|schema)\b|json[ _]mode|json_object/i,
  ],
  ['prefill', /\bprefill|(last|final) message|\bexpected last role\b|end with a user|ending with assistant/i],
  ['parallel_tool_calls', /parallel[ _](tool|function)/i],
  ['tool_choice', /\btool_?choice\b(?! (param )?requires)/i],
  ['tools', /\btools?\b|\btool[_-](use|call|choice)|function[ _-]?call/i],
  [
    'reasoning_effort',
    /\breasoning[_ ]?effort\b.*(must be|invalid|value|one of)|invalid reasoning value|\bthink value\b/i,
  ],
  ['reasoning', /reasoning[_ ]?effort|\bthinking\b|\breasoning\b/i],
  [
    'role:system',
    /\bsystem['"`]? (role|message|prompt|instruction)|\brole\b.{0,40}\bsystem\b|['"`]system['"`]|developer instruction/i,
  ],
  ['role:developer', /\bdeveloper\b/i],
  ['logit_bias', /logit_?bias/i],
  ['presence_penalty', /presence_?penalty|^penalty\b/i],
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
  ['chat', /\bchat(completion)?\b|\btemplate not found\b|conversational|messages api/i],
  ['completions', /\bgenerate(Content)?\b|\bcompletions?\b/i],
]
/** Fields of some engines, or of old: their name is their field. */
const FIELDS =
  /\b(functions|function_call|best_of|echo|top_k|top_a|min_p|typical_p|repetition_penalty|min_tokens|logits_processors|prompt_embeds|chat_template_kwargs|service_tier|prediction|modalities|verbosity|web_search_options|enable_thinking|thinking_budget|tool_stream|encoding_format)\b/i

/** A backend that announces a model and then refuses the model itself: it is not in the plan that was paid for, or not let in. */
const OF_THE_MODEL =
  /\b(requires?|needs?) (a |an )?(\w+ )?(subscription|terms|access|approval|license|agreement|plan)\b|upgrade (for access|your plan|to access)|\bmodel_terms_required\b|\bgated\b|\bblocked at the (project|organi[sz]ation) level|model_permission_blocked|not (authori[sz]ed|permitted|allowed|entitled) to (access|use|call|invoke|sample from)\b|on-demand throughput isn['’]t supported|\baccess to (the )?model\b.{0,80}\b(denied|restricted)|\bmodel access (is )?denied|model_access_denied|AccessDenied\.Unpurchased|not allowed to access (the )?model|\b(no|unable to) access\b.{0,24}\bmodel|\b(un|not_)available_model|model_not_available|\bunavailable model\b|\bfree tier of the model\b|FreeTierOnly|\bplan not support model\b|\benabled only for api versions\b|无权访问/i

/** Null: these words do not say that something is lacking. `status`: of an answer that blames the request. */
export function lackOf(status: number, { code, type, param, message }: UpstreamFault): Lack | null {
  const words = withoutInput(message)
  const codes = `${code ?? ''} ${type ?? ''}`
  if (status !== 404 && isOfTheModel(`${words} ${codes}`)) return { name: 'model', ofValue: false }
  const coded = CODES.test(codes)
  const refused = coded || REFUSALS.test(words)
  const hinted = refused || (status !== 500 && OF_A_NAME.test(words))
  if (!hinted || INCOMPLETE.test(words)) return null
  const name = named(`${param ?? ''} ${words}`)
  const ofMedium = isMedium(name)
  if (ofMedium && OF_THE_MEDIUM.test(words)) return null
  const ofValue = !ofMedium && (code === 'unsupported_value' || OF_A_VALUE.test(words))
  if (isOfThisRequest(name, words)) return { name: null, ofValue }
  // Without a name only what speaks of the model, or has a code that leaves no doubt.
  return name !== null || coded || (refused && OF_A_SERVER.test(words)) ? { name, ofValue } : null
}

const isMedium = (name: string | null): boolean => name === 'vision' || name === 'audio'

const isOfThisRequest = (name: string | null, words: string): boolean =>
  OF_THIS_REQUEST.test(words) || ((name === 'tools' || name === 'json_schema') && OF_THE_SCHEMA.test(words))

const OF_A_VALUE =
  /\bvalues?\b|\bmust (either )?be\b|only the default|only [\d.]+ |one of|at most|range|greater than|\bset to\b|toolChoice\.\w/i
const OF_A_SERVER = /\b(models?|v?llm|engine|server|backend|provider|endpoints?|deployment|function)\b/i

const isOfTheModel = (words: string): boolean =>
  OF_THE_MODEL.test(words) && /\bmodel|subscription|\bterms\b|无权/i.test(words)

/** What to do instead names other things. */
const ADVICE = /[.;,] (please )?(use|choose|try|did you mean|supported models)\b.*$|\bplease (use|choose|try)\b.*$/is
/** In which mode something is refused. */
const MODE = /\bin (thinking|reasoning) mode\b/i

/** What is not supported stands behind the word, names of models before it. */
function named(words: string): string | null {
  const said = words.replace(ADVICE, '').replace(MODE, '')
  const behind = said.search(/\bsupport\s/)
  return (behind < 0 ? null : first(said.slice(behind))) ?? first(said) ?? first(words)
}

const first = (words: string): string | null =>
  NAMES.find(([, pattern]) => pattern.test(words.trim()))?.[0] ?? FIELDS.exec(words)?.[0].toLowerCase() ?? null
