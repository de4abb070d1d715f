/** Streams of the Responses API, as a strict client reads them. */
import type { Test } from 'tap'
import { isObject, type Fields } from '../../src/core/is-object.ts'
import type { RawResponse } from './raw-client.ts'

export const RESPONSES_PATH = '/v1/responses'

export interface ReadResponses {
  readonly events: readonly Fields[]
  readonly types: readonly string[]
  /** Of the last event. */
  readonly response: Fields
  /** All of its deltas. */
  readonly text: string
  readonly comments: number
  /** The HTTP body ended as it should. */
  readonly complete: boolean
}

export async function readResponses(answer: RawResponse): Promise<ReadResponses> {
  const blocks = await answer.blocks()
  const named = blocks.filter((block) => block.data !== null)
  const events = named.map((block) => {
    const event: unknown = JSON.parse(block.data!)
    if (!isObject(event) || event['type'] !== block.event)
      throw new Error(`an event "${String(block.event)}" without its name`)
    return event
  })
  const last = events.at(-1)?.['response']
  return {
    events,
    types: events.map((event) => String(event['type'])),
    response: isObject(last) ? last : {},
    text: events
      .filter((event) => event['type'] === 'response.output_text.delta')
      .map((event) => String(event['delta']))
      .join(''),
    comments: blocks.length - named.length,
    complete: await answer.complete,
  }
}

const TERMINAL = ['response.completed', 'response.incomplete', 'response.failed', 'error']

/** What holds for every stream: numbers without gaps, places that grow, what was begun is ended, one end at the end. */
export function isOrderly(t: Test, { events, types, complete }: ReadResponses, name = 'in order'): void {
  t.strictSame(
    events.map((event) => event['sequence_number']),
    events.map((_, at) => at),
    `${name}: numbered`,
  )
  t.ok(TERMINAL.includes(types.at(-1) ?? ''), `${name}: ends with ${types.at(-1)}`)
  t.equal(types.filter((type) => TERMINAL.includes(type)).length, 1, `${name}: one end`)
  if (types.at(-1) !== 'error') t.strictSame(types.slice(0, 2), ['response.created', 'response.in_progress'], name)
  const added = events.filter((event) => event['type'] === 'response.output_item.added')
  t.strictSame(
    added.map((event) => event['output_index']),
    added.map((_, at) => at),
    `${name}: places`,
  )
  if (types.at(-1) === 'response.completed')
    t.equal(types.filter((type) => type === 'response.output_item.done').length, added.length, `${name}: all items end`)
  t.ok(complete, `${name}: the body is complete`)
}

/** An answer without what is another each time. */
export function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'created_at' && name !== 'completed_at')
      .map(([name, one]) => [
        name,
        typeof one === 'string' ? one.replace(/turnout_[0-9a-f]{24}/g, 'turnout') : withoutIds(one),
      ]),
  )
}
