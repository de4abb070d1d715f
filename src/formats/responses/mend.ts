/**
 * Events as the official SDKs need them: numbered, each with the place of its item and part. llama.cpp leaves all that out, and
 * begins with a response that has no output.
 */
import { type Fields, isObject } from '../../core/is-object.ts'

export class Mender {
  #number = 0
  /** Places of items, by their ids. */
  readonly #places = new Map<string, number>()

  /** Whether a stream that begins with this event has to be mended. */
  static isNeeded(first: Fields): boolean {
    const { response } = first
    return typeof first['sequence_number'] !== 'number' || !(isObject(response) && Array.isArray(response['output']))
  }

  /** Of the next event. */
  get number(): number {
    return this.#number
  }

  mend(event: Fields): Fields {
    const { type, item, item_id: id, response, part } = event
    const numbered = { ...event, sequence_number: this.#number++ }
    if (isObject(response)) return { ...numbered, response: { ...WHOLE, ...response } }
    const own = isObject(item) ? item['id'] : id
    if (typeof own !== 'string') return numbered
    const placed = { ...numbered, output_index: this.#placeOf(own) }
    if (isObject(item)) return { ...placed, item: wholeItem(item) }
    if (type === 'response.reasoning_summary_text.delta' || type === 'response.reasoning_summary_part.added')
      return { summary_index: 0, ...placed }
    if (type === 'response.output_text.delta' || type === 'response.output_text.done')
      return { content_index: 0, logprobs: [], ...placed }
    if (type === 'response.function_call_arguments.delta' || type === 'response.function_call_arguments.done')
      return placed
    const whole = isObject(part) && part['type'] === 'output_text' ? { part: { ...TEXT, ...part } } : {}
    return { content_index: 0, ...placed, ...whole }
  }

  #placeOf(id: string): number {
    const known = this.#places.get(id)
    if (known !== undefined) return known
    const place = this.#places.size
    this.#places.set(id, place)
    return place
  }
}

/** What a response always has. */
const WHOLE = {
  error: null,
  incomplete_details: null,
  instructions: null,
  metadata: {},
  output: [],
  parallel_tool_calls: true,
  temperature: null,
  tool_choice: 'auto',
  tools: [],
  top_p: null,
}
const TEXT = { annotations: [], logprobs: [] }

const wholeItem = (item: Fields): Fields =>
  item['type'] === 'reasoning' ? { summary: [], ...item } : item['type'] === 'message' ? { content: [], ...item } : item
