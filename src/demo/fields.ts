/** Reads the fields of a request, or refuses them as OpenAI's API would. */
import { isObject } from '../core/is-object.ts'
import { DemoFault } from './fault.ts'

export type Body = Readonly<Record<string, unknown>>

/** What all answers that generate text have in common. */
export interface Shape {
  readonly n: number
  readonly stops: readonly string[]
  /** Null = as long as it gets. */
  readonly maxTokens: number | null
  readonly stream: boolean
  readonly includeUsage: boolean
}

const MOST_CHOICES = 8

export function shapeOf(body: Body): Shape {
  const options = body['stream_options']
  if (options !== undefined && options !== null && !isObject(options))
    throw new DemoFault("Invalid type for 'stream_options': expected an object.", 'stream_options')
  const stream = flag(body, 'stream')
  if (isObject(options) && !stream)
    throw new DemoFault("'stream_options' is only allowed when 'stream' is true.", 'stream_options')
  within(body, 'temperature', 0, 2)
  within(body, 'top_p', 0, 1)
  return {
    n: integer(body, 'n', 1, MOST_CHOICES) ?? 1,
    stops: stopsOf(body['stop']),
    maxTokens: integer(body, 'max_completion_tokens', 1, Infinity) ?? integer(body, 'max_tokens', 1, Infinity),
    stream,
    includeUsage: isObject(options) && options['include_usage'] === true,
  }
}

export function integer(body: Body, name: string, least: number, most: number): number | null {
  const value = body[name]
  if (value === undefined || value === null) return null
  if (!Number.isInteger(value)) throw new DemoFault(`Invalid type for '${name}': expected an integer.`, name)
  if ((value as number) < least || (value as number) > most)
    throw new DemoFault(`Invalid '${name}': expected a value from ${least} to ${most}.`, name)
  return value as number
}

function within(body: Body, name: string, least: number, most: number): void {
  const value = body[name]
  if (value === undefined || value === null) return
  if (typeof value !== 'number' || value < least || value > most)
    throw new DemoFault(`Invalid '${name}': expected a number from ${least} to ${most}.`, name)
}

export function flag(body: Body, name: string): boolean {
  const value = body[name]
  if (value === undefined || value === null) return false
  if (typeof value !== 'boolean') throw new DemoFault(`Invalid type for '${name}': expected a boolean.`, name)
  return value
}

function stopsOf(stop: unknown): string[] {
  if (stop === undefined || stop === null) return []
  const list: unknown[] = Array.isArray(stop) ? stop : [stop]
  if (list.length > 4 || list.some((one) => typeof one !== 'string'))
    throw new DemoFault("Invalid 'stop': expected a string or an array of up to four strings.", 'stop')
  return (list as string[]).filter((one) => one !== '')
}
