/**
 * A tool that takes free text, for models that know only tools with arguments: it has one argument, which holds the text. Pure.
 */
import { isObject } from '../core/is-object.ts'
import type { Json } from '../core/json.ts'

const ARGUMENT = 'input'

/** Of the arguments of such a tool. */
export const FREE_SCHEMA: Json = {
  type: 'object',
  properties: { [ARGUMENT]: { type: 'string' } },
  required: [ARGUMENT],
  additionalProperties: false,
}

/** The arguments of a call with this text. */
export const freeArguments = (text: string): string => JSON.stringify({ [ARGUMENT]: text })

/** The text of a call with these arguments; as they are where a model has written something else. */
export function freeText(given: string): string {
  try {
    const value = JSON.parse(given) as Json
    const text = isObject(value) ? value[ARGUMENT] : value
    return typeof text === 'string' ? text : given
  } catch {
    return given
  }
}

/** A description of the tool, which says what form its text has where that is known. `form`: a grammar, by the names that OpenAI has for it. */
export function freeDescription(description: string | null, form: Json | null): string {
  const grammar = isObject(form ?? undefined) ? grammarOf(form as { readonly [key: string]: Json | undefined }) : null
  const how = `Put the whole text into the argument \`${ARGUMENT}\`.`
  return [description, grammar, how].filter((part) => part !== null && part !== '').join('\n\n')
}

function grammarOf(form: { readonly [key: string]: Json | undefined }): string | null {
  const inner = isObject(form['grammar']) ? form['grammar'] : form
  const { definition, syntax } = inner
  return typeof definition === 'string'
    ? `The text follows this grammar (${typeof syntax === 'string' ? syntax : 'lark'}):\n${definition}`
    : null
}
