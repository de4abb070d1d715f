/** The tool calls of one choice, put into the form that OpenAI's SDKs can join: which piece belongs to which call. */
import { type Fields, isObject } from '../../core/is-object.ts'
import { randomBytes } from 'node:crypto'

/** Arguments that are kept to see whether they are whole, in characters. */
const MOST_KEPT = 256 * 1024

/** More than any model makes: from there on pieces pass as they come. */
const MOST_CALLS = 1_024

/** A call that pieces have come of. Its place among the calls is the index that callers see. */
interface Call {
  readonly slot: number
  /** The index that the engine gives it; null where it gives none. */
  index: number | null
  /** As the engine has it. */
  readonly id: string | null
  name: string
  /** So far; null where they are too long to be kept. */
  arguments: string | null
}

/** What a piece says, in one spelling. */
interface Said {
  readonly index: number | null
  readonly id: string | null
  readonly name: string
  readonly arguments: string
}

/**
 * Streamed pieces of calls. Engines leave `index` out (Gemini), give each call the same one and a new id (vLLM's older
 * parsers), two pieces of one call in a chunk, count from 1, or repeat id and name in each piece: joined by `index`, as
 * SDKs do it, calls would be lost or run into each other.
 */
export class ToolCalls {
  readonly #calls: Call[] = []
  #last: Call | null = null

  /** The pieces of one event with their indexes put right; the same list where nothing was wrong. */
  place(pieces: readonly unknown[]): readonly unknown[] {
    if (this.#calls.length + pieces.length > MOST_CALLS) return pieces
    const placed: Fields[] = []
    for (const [at, piece] of pieces.entries()) {
      if (!isObject(piece)) continue
      const said = saidBy(piece)
      const known = this.#known(said, at, pieces.length)
      const call = known ?? this.#open(said)
      const written = known === undefined ? this.#first(piece, call, said) : continued(piece, call, said)
      note(call, said)
      this.#last = call
      const before = placed.findIndex((one) => one['index'] === call.slot)
      if (before < 0) placed.push(written)
      else placed[before] = joined(placed[before]!, written)
    }
    return placed.length === pieces.length && placed.every((piece, at) => piece === pieces[at]) ? pieces : placed
  }

  /** More of the arguments that came last. */
  more(text: string): void {
    if (this.#last !== null) add(this.#last, text)
  }

  /** The call that the piece goes on with; undefined where it begins another. */
  #known(said: Said, at: number, pieces: number): Call | undefined {
    const calls = this.#calls
    const last = calls.at(-1)
    const byId = said.id === null ? undefined : calls.findLast(({ id }) => id === said.id)
    let known: Call | undefined
    if (said.index !== null) {
      known = calls.findLast(({ index }) => index === said.index)
      if (known === undefined && said.name === '' && said.id === null) known = last
      // All calls have the same index, and each piece says by its id which one it is of.
      else if (known !== undefined && byId !== undefined && said.id !== known.id) known = byId
    } else if (byId !== undefined) known = byId
    else if (said.name === '' && said.id === null && pieces > 1) known = calls[calls.length - pieces + at] ?? last
    else known = last
    return known === undefined || isAnother(said, known) ? undefined : known
  }

  #open(said: Said): Call {
    const call: Call = { slot: this.#calls.length, index: said.index, id: said.id, name: '', arguments: '' }
    this.#calls.push(call)
    return call
  }

  /** The piece that begins a call: with all that a call must have. */
  #first(piece: Fields, call: Call, { id, index }: Said): Fields {
    const twice = this.#calls.some((other) => other !== call && other.id === id)
    const whole = completed(piece, id === null || twice)
    return index === call.slot && piece['index'] === index ? whole : { ...whole, index: call.slot }
  }
}

/** Whether all that an event brings is one more piece of one call's arguments. */
export function isMoreOfCall(choices: readonly unknown[]): boolean {
  const choice = choices[0]
  const delta = choices.length === 1 && isObject(choice) ? choice['delta'] : null
  const pieces = isObject(delta) ? delta['tool_calls'] : null
  const piece: unknown = Array.isArray(pieces) && pieces.length === 1 ? pieces[0] : null
  if (!isObject(piece) || !isObject(piece['function'])) return false
  const { id, name, arguments: text } = saidBy(piece)
  return id === null && name === '' && text !== ''
}

/** The calls of a whole answer; the same list where nothing was wrong. */
export function wholeCalls(calls: readonly unknown[]): readonly unknown[] {
  const ids = new Set<unknown>()
  const whole = calls.map((call) => {
    if (!isObject(call)) return call
    const { id } = saidBy(call)
    const twice = ids.has(id)
    ids.add(id)
    return completed(call, id === null || twice)
  })
  return whole.every((call, at) => call === calls[at]) ? calls : whole
}

/** The legacy form of a call; the same object where nothing was wrong. */
export function legacyCall(call: Fields): Fields {
  const args = call['arguments']
  return args === undefined || typeof args === 'string' ? call : { ...call, arguments: textOf(args) }
}

/** With an id, a type, and arguments that are a text. */
function completed(call: Fields, newId: boolean): Fields {
  const custom = isObject(call['custom'])
  const fn = call['function']
  const args = isObject(fn) ? fn['arguments'] : ''
  let whole = call
  if (newId) whole = { ...whole, id: `call_${randomBytes(12).toString('hex')}` }
  if (typeof call['type'] !== 'string' || call['type'] === '')
    whole = { ...whole, type: custom ? 'custom' : 'function' }
  if (isObject(fn) && typeof args !== 'string') whole = { ...whole, function: { ...fn, arguments: textOf(args) } }
  return whole
}

function saidBy(piece: Fields): Said {
  const { index, id } = piece
  const number = typeof index === 'string' && /^\d+$/.test(index) ? Number(index) : index
  const fn = isObject(piece['function']) ? piece['function'] : isObject(piece['custom']) ? piece['custom'] : NOTHING
  return {
    index: typeof number === 'number' && Number.isInteger(number) && number >= 0 ? number : null,
    id: typeof id === 'string' && id !== '' && id !== 'null' ? id : null,
    name: typeof fn['name'] === 'string' ? fn['name'] : '',
    arguments: textOf(fn['arguments'] ?? fn['input']),
  }
}

/** Whether the piece begins a call beside `known`, to which its index or its place would lead. */
function isAnother(said: Said, known: Call): boolean {
  const otherId = said.id !== null && known.id !== null && said.id !== known.id
  // Some engines draw a new id for each piece.
  if (said.name === '') return otherId && isWhole(known)
  if (known.name === '') return otherId
  if (isMoreOfName(said, known)) return false
  if (otherId || said.name !== known.name) return true
  return said.arguments.trimStart().startsWith('{') && isWhole(known) && !isRepeated(said, known)
}

/** Some engines stream the name too, before the first of the arguments. */
const isMoreOfName = (said: Said, { id, index, arguments: text }: Call): boolean =>
  said.id === null && id !== null && said.index !== null && said.index === index && said.arguments === '' && text === ''

/** A chunk at the end that tells all of the call once more. */
const isRepeated = (said: Said, known: Call): boolean => said.id !== null && said.arguments === known.arguments

function isWhole({ arguments: text }: Call): boolean {
  if (text === null || !text.trimEnd().endsWith('}')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A further piece: of what its first one has said only what is new, since some SDKs join names and ids too. */
function continued(piece: Fields, call: Call, said: Said): Fields {
  const fn = piece['function']
  let written = piece
  if (piece['index'] !== call.slot) written = { ...written, index: call.slot }
  if ('id' in piece && piece['id'] !== null) written = without(written, 'id')
  if (!isObject(fn)) return written
  const repeated = said.name !== '' && said.name === call.name
  const again = said.arguments !== '' && isRepeated(said, call) && isWhole(call)
  const odd = fn['arguments'] !== undefined && fn['arguments'] !== null && typeof fn['arguments'] !== 'string'
  if (!repeated && !odd && !again) return written
  const kept = repeated ? without(fn, 'name') : fn
  return { ...written, function: { ...kept, arguments: again ? '' : said.arguments } }
}

function note(call: Call, { index, name, arguments: text }: Said): void {
  call.index ??= index
  if (name !== call.name) call.name += name
  if (text !== '' && (text !== call.arguments || !isWhole(call))) add(call, text)
}

function add(call: Call, text: string): void {
  if (call.arguments === null) return
  call.arguments = call.arguments.length + text.length > MOST_KEPT ? null : call.arguments + text
}

/** Two pieces of one call in one event, as one. */
function joined(first: Fields, second: Fields): Fields {
  const key = isObject(second['custom']) ? 'custom' : 'function'
  const before = isObject(first[key]) ? first[key] : NOTHING
  const after = isObject(second[key]) ? second[key] : NOTHING
  const text = key === 'custom' ? 'input' : 'arguments'
  return {
    ...second,
    ...first,
    [key]: { ...after, ...before, [text]: textOf(before[text]) + textOf(after[text]) },
  }
}

const NOTHING: Fields = {}

const without = (fields: Fields, key: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key))

/** Arguments are a JSON text; some engines send the object itself. Nothing where it is nested deeper than any stack. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return ''
  try {
    return JSON.stringify(value)
  } catch {
    return ''
  }
}
