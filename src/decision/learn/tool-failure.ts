/** What the results of tools say of the calls. Pure. */

/** Read of each result, in bytes. */
const BEGINNING = 400

/** How results begin where nothing else says that a call failed: formats that have no word for it say it in the text. */
const FAILED =
  /^[\s"'{[<(*]{0,8}(?:(?:the )?(?:tool|function|call|command|api|mcp)\b.{0,24}\b(?:failed|error)\b|(?:internal |fatal )?(?:[a-z]{0,40}error|exception|failed|failure|traceback)\b(?!s?\W{0,4}(?:none|null|false|0|\[\])))/i

/** The call itself was none that the tool takes. */
const INVALID =
  /\b(?:inputvalidationerror|jsondecodeerror|invalid (?:tool )?(?:arguments?|parameters?|input|params|json|call)|(?:unknown|no such|unrecognized|unsupported) (?:tool|function|argument|parameter)|tool .{0,60}(?:not found|does not exist|is not available|doesn't exist)|missing .{0,24}(?:argument|parameter|field|property)|required (?:argument|parameter|field|property)|unexpected (?:keyword )?argument|string to replace (?:was )?not found|old_string|(?:schema|input|argument) validation|validation error|failed to parse|does not match the schema)/i

/** `told`: the request says that the call failed; `text` has one character for each byte. Null: it did not. */
export function failureOf(text: string, told: boolean): 'call_invalid' | 'tool_failed' | null {
  const beginning = text.slice(0, BEGINNING)
  if (!told && !FAILED.test(beginning)) return null
  return INVALID.test(beginning) ? 'call_invalid' : 'tool_failed'
}
