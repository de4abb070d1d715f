import t from 'tap'
import { SseSplitter, type SseFrame } from '../../src/formats/sse.ts'
import { readFrame } from '../../src/formats/openai/frames.ts'
import { AnswerCollector } from '../../src/formats/answer-collector.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { seeded } from '../support/random.ts'

type Piece = Readonly<Record<string, unknown>>
interface Joined {
  readonly name: string
  readonly arguments: string
  readonly id?: string
}

const fn = (name: string | null, args?: unknown): object => ({
  function: { ...(name === null ? {} : { name }), ...(args === undefined ? {} : { arguments: args }) },
})
const OSLO: Joined = { name: 'weather', arguments: '{"city":"Oslo"}' }
const BERN: Joined = { name: 'weather', arguments: '{"city":"Bern"}' }
const TIME: Joined = { name: 'time', arguments: '{}' }

/** Pieces of each event, and the calls that they are. */
const STREAMS: Readonly<Record<string, readonly [events: readonly (readonly Piece[])[], calls: readonly Joined[]]>> = {
  'as OpenAI has it': [
    [
      [{ index: 0, id: 'a', type: 'function', ...fn('weather', '') }],
      [{ index: 0, ...fn(null, '{"city"') }],
      [{ index: 0, ...fn(null, ':"Oslo"}') }],
      [{ index: 1, id: 'b', type: 'function', ...fn('time', '') }],
      [{ index: 1, ...fn(null, '{}') }],
    ],
    [
      { ...OSLO, id: 'a' },
      { ...TIME, id: 'b' },
    ],
  ],
  'Gemini: no index, whole calls, one in an event': [
    [[{ id: 'a', type: 'function', ...fn('weather', '{"city":"Oslo"}') }], [{ id: 'b', ...fn('time', '{}') }]],
    [
      { ...OSLO, id: 'a' },
      { ...TIME, id: 'b' },
    ],
  ],
  'Gemini: no index, whole calls, both in one event': [
    [
      [
        { id: 'a', ...fn('weather', '{"city":"Oslo"}') },
        { id: 'b', ...fn('weather', '{"city":"Bern"}') },
      ],
    ],
    [
      { ...OSLO, id: 'a' },
      { ...BERN, id: 'b' },
    ],
  ],
  'no index, empty ids, the same function twice': [
    [[{ id: '', ...fn('weather', '{"city":"Oslo"}') }], [{ id: '', ...fn('weather', '{"city":"Bern"}') }]],
    [OSLO, BERN],
  ],
  'no index, no id, in pieces': [
    [[fn('weather', '{"city"') as Piece], [fn(null, ':"Oslo"}') as Piece], [fn('time', '{}') as Piece]],
    [OSLO, TIME],
  ],
  'no index, the id in each piece': [
    [
      [
        { id: 'a', ...fn('weather', '{"city"') },
        { id: 'b', ...fn('time', '{') },
      ],
      [
        { id: 'b', ...fn(null, '}') },
        { id: 'a', ...fn(null, ':"Oslo"}') },
      ],
    ],
    [
      { ...OSLO, id: 'a' },
      { ...TIME, id: 'b' },
    ],
  ],
  'no index, no id, pieces by their place': [
    [
      [fn('weather', '{"city"') as Piece, fn('time', '{') as Piece],
      [fn(null, ':"Oslo"') as Piece, fn(null, '') as Piece],
      [fn(null, '}') as Piece, fn(null, '}') as Piece],
    ],
    [OSLO, TIME],
  ],
  'index null': [
    [[{ index: null, id: 'a', ...fn('weather', '{"city":"Oslo"}') }], [{ index: null, id: 'b', ...fn('time', '{}') }]],
    [OSLO, TIME],
  ],
  'index -1': [
    [[{ index: -1, id: 'a', ...fn('weather', '{"city":"Oslo"}') }], [{ index: -1, id: 'b', ...fn('time', '{}') }]],
    [OSLO, TIME],
  ],
  'the index as a text': [
    [
      [{ index: '0', id: 'a', ...fn('weather', '{"city"') }],
      [{ index: '1', id: 'b', ...fn('time', '{') }],
      [{ index: '0', ...fn(null, ':"Oslo"}') }],
      [{ index: '1', ...fn(null, '}') }],
    ],
    [OSLO, TIME],
  ],
  'the first piece without an index, the others with one': [
    [[{ id: 'a', ...fn('weather', '{"city"') }], [{ index: 0, ...fn(null, ':"Oslo"}') }]],
    [{ ...OSLO, id: 'a' }],
  ],
  'all with index 0, ids tell them apart': [
    [
      [{ index: 0, id: 'a', ...fn('weather', '{"city"') }],
      [{ index: 0, ...fn(null, ':"Oslo"}') }],
      [{ index: 0, id: 'b', ...fn('weather', '{"city"') }],
      [{ index: 0, ...fn(null, ':"Bern"}') }],
    ],
    [
      { ...OSLO, id: 'a' },
      { ...BERN, id: 'b' },
    ],
  ],
  'all with index 0 in one event': [
    [
      [
        { index: 0, id: 'a', ...fn('weather', '{"city":"Oslo"}') },
        { index: 0, id: 'b', ...fn('time', '{}') },
      ],
    ],
    [
      { ...OSLO, id: 'a' },
      { ...TIME, id: 'b' },
    ],
  ],
  'all with index 0, no ids, names tell them apart': [
    [[{ index: 0, ...fn('weather', '{"city":"Oslo"}') }], [{ index: 0, ...fn('time', '{}') }]],
    [OSLO, TIME],
  ],
  'all with index 0, no ids, one name': [
    [
      [
        { index: 0, ...fn('weather', '{"city":"Oslo"}') },
        { index: 0, ...fn('weather', '{"city":"Bern"}') },
      ],
    ],
    [OSLO, BERN],
  ],
  'vLLM: two pieces of one call in a chunk': [
    [
      [
        { index: 0, id: 'a', type: 'function', ...fn('weather') },
        { index: 0, ...fn(null, '{"city"') },
      ],
      [
        { index: 0, ...fn(null, ':"Os') },
        { index: 0, ...fn(null, 'lo"}') },
      ],
    ],
    [{ ...OSLO, id: 'a' }],
  ],
  'the end of one and the start of the next in a chunk': [
    [
      [{ index: 0, id: 'a', ...fn('weather', '{"city":"Oslo"') }],
      [
        { index: 0, ...fn(null, '}') },
        { index: 1, id: 'b', ...fn('time', '{') },
      ],
      [{ index: 1, ...fn(null, '}') }],
    ],
    [OSLO, TIME],
  ],
  'counted from 1': [
    [[{ index: 1, id: 'a', ...fn('weather', '{"city":"Oslo"}') }], [{ index: 2, id: 'b', ...fn('time', '{}') }]],
    [OSLO, TIME],
  ],
  'the second one first': [
    [
      [{ index: 1, id: 'b', ...fn('time', '{') }],
      [{ index: 0, id: 'a', ...fn('weather', '{"city":"Oslo"}') }],
      [{ index: 1, ...fn(null, '}') }],
    ],
    [TIME, OSLO],
  ],
  'id and name in each piece': [
    [
      [{ index: 0, id: 'a', type: 'function', ...fn('weather', '{"city"') }],
      [{ index: 0, id: 'a', type: 'function', ...fn('weather', ':"Oslo"}') }],
    ],
    [{ ...OSLO, id: 'a' }],
  ],
  'a new id for each piece': [
    [
      [{ index: 0, id: 'a', ...fn('weather', '{"city"') }],
      [{ index: 0, id: 'b', ...fn(null, ':"Oslo"') }],
      [{ index: 0, id: 'c', ...fn(null, '}') }],
    ],
    [{ ...OSLO, id: 'a' }],
  ],
  'all of the call once more at the end': [
    [
      [{ index: 0, id: 'a', ...fn('weather', '{"city"') }],
      [{ index: 0, ...fn(null, ':"Oslo"}') }],
      [{ index: 0, id: 'a', type: 'function', ...fn('weather', '{"city":"Oslo"}') }],
    ],
    [{ ...OSLO, id: 'a' }],
  ],
  'the same id for both': [
    [
      [{ index: 0, id: 'call', ...fn('weather', '{"city":"Oslo"}') }],
      [{ index: 1, id: 'call', ...fn('weather', '{"city":"Bern"}') }],
    ],
    [{ ...OSLO, id: 'call' }, BERN],
  ],
  'arguments as an object': [[[{ index: 0, id: 'a', ...fn('weather', { city: 'Oslo' }) }]], [{ ...OSLO, id: 'a' }]],
  'arguments null, then pieces': [
    [[{ index: 0, id: 'a', ...fn('weather', null) }], [{ index: 0, ...fn(null, '{"city":"Oslo"}') }]],
    [{ ...OSLO, id: 'a' }],
  ],
  'no type, no id': [[[{ index: 0, ...fn('weather', '{"city":"Oslo"}') }]], [OSLO]],
  'id "null"': [[[{ index: 0, id: 'null', ...fn('weather', '{"city":"Oslo"}') }]], [OSLO]],
  'the name in pieces': [
    [
      [{ index: 0, id: 'a', ...fn('wea', '') }],
      [{ index: 0, ...fn('ther', '') }],
      [{ index: 0, ...fn(null, '{"city":"Oslo"}') }],
    ],
    [OSLO],
  ],
  'the name in a piece of its own': [
    [[{ index: 0, id: 'a' }], [{ index: 0, ...fn('weather') }], [{ index: 0, ...fn(null, '{"city":"Oslo"}') }]],
    [{ ...OSLO, id: 'a' }],
  ],
}

/** As the official SDKs join them: by index, texts one behind the other (the Python one joins ids and names too). */
function joinLikePython(events: readonly (readonly Piece[])[]): Record<string, unknown>[] {
  const calls: Record<string, unknown>[] = []
  for (const pieces of events) {
    const seen = new Set<unknown>()
    for (const { index, id, type, function: said } of pieces) {
      if (seen.has(index)) throw new Error(`index ${String(index)} twice in a chunk`)
      seen.add(index)
      if (typeof index !== 'number' || index > calls.length) throw new Error(`index ${String(index)}`)
      const call = (calls[index] ??= { id: '', name: '', arguments: '' })
      if (typeof id === 'string') call['id'] = `${String(call['id'])}${id}`
      if (typeof type === 'string') call['type'] = type
      const { name, arguments: text } = (said ?? {}) as { name?: unknown; arguments?: unknown }
      if (text !== undefined && typeof text !== 'string') throw new Error('arguments are no text')
      if (typeof name === 'string') call['name'] = `${String(call['name'])}${name}`
      if (typeof text === 'string') call['arguments'] = `${String(call['arguments'])}${text}`
    }
  }
  return calls
}

interface Sent {
  readonly track: OpenAIAnswerState
  readonly raws: readonly string[]
  /** Pieces of each event, by choice. */
  readonly pieces: ReadonlyMap<number, readonly (readonly Piece[])[]>
}

function send(events: readonly object[], wish: 'hidden' | 'end' = 'hidden'): Sent {
  const track = new OpenAIAnswerState()
  track.collected = new AnswerCollector({ json: false, mustCall: false })
  const frames: SseFrame[] = []
  new SseSplitter().push(Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')), frames)
  const raws: string[] = []
  const pieces = new Map<number, (readonly Piece[])[]>()
  for (const frame of frames) {
    const verdict = readFrame(frame, track, wish)
    if (verdict.kind !== 'send') throw new Error(verdict.kind)
    raws.push(verdict.raw.toString())
    const { choices } = JSON.parse(verdict.raw.toString().slice(6)) as {
      choices: { index: number; delta: { tool_calls?: Piece[] } }[]
    }
    for (const { index, delta } of choices)
      if (delta.tool_calls) pieces.set(index, [...(pieces.get(index) ?? []), delta.tool_calls])
  }
  return { track, raws, pieces }
}

const chunk = (tool_calls: readonly Piece[], index = 0): object => ({
  id: 'c',
  model: 'm',
  choices: [{ index, delta: { tool_calls }, finish_reason: null }],
})

for (const [name, [events, calls]] of Object.entries(STREAMS))
  t.test(`streamed calls: ${name}`, async (t) => {
    for (const wish of ['hidden', 'end'] as const) {
      const { pieces, track } = send(
        events.map((one) => chunk(one)),
        wish,
      )
      const joined = joinLikePython(pieces.get(0) ?? [])
      t.match(joined, calls)
      t.equal(joined.length, calls.length)
      t.ok(joined.every(({ type }) => type === 'function'))
      const ids = joined.map(({ id }) => id)
      t.ok(ids.every((id) => typeof id === 'string' && id !== '' && id !== 'null'))
      t.equal(new Set(ids).size, ids.length, 'each has an id of its own')
      t.strictSame(
        track.collected!.calls,
        calls.map(({ name, arguments: text }) => ({ name, arguments: text })),
        'what is checked is the same',
      )
      t.ok(track.content)
    }
  })

t.test('what is right passes byte for byte', async (t) => {
  const events = STREAMS['as OpenAI has it']![0].map((one) => chunk(one))
  t.strictSame(
    send(events, 'end').raws,
    events.map((event) => `data: ${JSON.stringify(event)}\n\n`),
  )
})

t.test('fields that are not known stay on their call', async (t) => {
  const extra = { extra_content: { google: { thought_signature: 'sig' } } }
  const { pieces } = send([
    chunk([{ id: 'a', ...fn('f', '{}'), ...extra }]),
    chunk([{ id: 'b', ...fn('g', '{}'), ...extra }]),
  ])
  t.match(pieces.get(0), [[{ index: 0, ...extra }], [{ index: 1, ...extra }]])
})

t.test('each choice has indexes of its own', async (t) => {
  for (const [name, [events, calls]] of Object.entries(STREAMS)) {
    const { pieces } = send(events.flatMap((one) => [chunk(one, 0), chunk(one, 1)]))
    for (const choice of [0, 1]) t.match(joinLikePython(pieces.get(choice) ?? []), calls, `${name}, choice ${choice}`)
  }
})

t.test('calls of custom tools keep their free text', async (t) => {
  const { pieces } = send([
    chunk([{ id: 'a', type: 'custom', custom: { name: 'sql', input: 'select' } }]),
    chunk([{ custom: { input: ' 1' } }]),
    chunk([{ id: 'b', custom: { name: 'sql', input: '2' } }]),
  ])
  t.match(pieces.get(0), [
    [{ index: 0, custom: { name: 'sql', input: 'select' } }],
    [{ index: 0, custom: { input: ' 1' } }],
    [{ index: 1, type: 'custom', custom: { input: '2' } }],
  ])
})

t.test('the legacy form: arguments are a text', async (t) => {
  const { raws, track } = send([
    { choices: [{ index: 0, delta: { function_call: { name: 'f', arguments: { a: 1 } } }, finish_reason: null }] },
    { choices: [{ index: 0, delta: {}, finish_reason: 'function_call' }] },
  ])
  t.match(JSON.parse(raws[0]!.slice(6)), {
    choices: [{ delta: { function_call: { name: 'f', arguments: '{"a":1}' } } }],
  })
  t.strictSame(track.collected!.calls, [{ name: 'f', arguments: '{"a":1}' }])
})

t.test('long arguments in pieces of any size, escapes and all, come out as they went in', async (t) => {
  const random = seeded(18)
  for (let round = 0; round < 200; round++) {
    const value = {
      text: Array.from(
        { length: 30 },
        () => ['"', '\\', 'ö', '🚂', 'x', '\n', '{', '}'][Math.floor(random() * 8)],
      ).join(''),
    }
    const text = JSON.stringify(value)
    const events: object[] = [chunk([{ index: 0, id: 'a', type: 'function', ...fn('f', '') }])]
    for (let at = 0; at < text.length;) {
      const size = 1 + Math.floor(random() * 6)
      events.push(chunk([{ index: 0, ...fn(null, text.slice(at, at + size)) }]))
      at += size
    }
    const { raws, track } = send(events, 'end')
    t.strictSame(
      raws,
      events.map((event) => `data: ${JSON.stringify(event)}\n\n`),
    )
    t.strictSame(track.collected!.calls, [{ name: 'f', arguments: text }])
  }
})

t.test('odd pieces never throw', async (t) => {
  const odd = [null, 1, 'x', [], {}, { index: {} }, { function: null }, { function: [] }, { id: {} }, { index: 1e300 }]
  for (const one of odd)
    for (const two of odd) t.doesNotThrow(() => send([chunk([one, two] as Piece[]), chunk([two] as Piece[])]))
})
