/** Inputs that may be one text, several, or the numbers of tokens. */
import { DemoFault } from './fault.ts'
import type { Body } from './fields.ts'
import { countTokens } from './tokens.ts'

export interface Input {
  readonly text: string
  readonly tokens: number
}

const MOST_INPUTS = 2_048

/** A prompt of numbers is read as the text of its numbers: the simulations know no vocabulary. */
export function readInputs(body: Body, name: string): Input[] {
  const value = body[name]
  if (value === undefined || value === null) throw new DemoFault(`Missing required parameter: '${name}'.`, name)
  const list: unknown[] = !Array.isArray(value) || isNumbers(value) ? [value] : value
  if (list.length === 0 || list.length > MOST_INPUTS)
    throw new DemoFault(`Invalid '${name}': expected 1 to ${MOST_INPUTS} inputs.`, name)
  return list.map((item) => {
    if (isNumbers(item)) return { text: item.join(' '), tokens: item.length }
    if (typeof item === 'string' && item !== '') return { text: item, tokens: countTokens(item) }
    throw new DemoFault(`Invalid '${name}': expected text that is not empty, or numbers of tokens.`, name)
  })
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => Number.isInteger(item))
}
