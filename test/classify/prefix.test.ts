/** What prompts share is told by the blocks that they begin with: in every wire format, whole or cut, whatever moves from turn to turn. */
import t from 'tap'
import { NO_PREFIX, type Prefix } from '../../src/core/prefix.ts'
import type { Contents, Message, Part, Tool } from '../../src/core/prompt.ts'
import { prefixOf } from '../../src/decision/classify/prefix.ts'
import type { Format } from '../../src/formats/format.ts'
import { FORMATS } from '../../src/formats/formats.ts'
import { asked } from '../formats/format-cases.ts'
import { readBy, written } from '../formats/neutral-prompt.ts'

const ALL: readonly Format[] = [...FORMATS.values()]

const said = (role: Message['role'], ...texts: readonly string[]): Message => ({
  role,
  parts: texts.map((text): Part => ({ kind: 'text', text, cache: null })),
  name: null,
  result: null,
})
const prose = (seed: string, bytes: number): string => {
  let text = ''
  for (let at = 0; text.length < bytes; at++) text += `${seed} says "no. ${at}" on line ${at * 7};\n`
  return text.slice(0, bytes)
}

/** Blocks that both begin with. */
function shared(one: Prefix, other: Prefix): number {
  let count = 0
  while (
    count < Math.min(one.hashes.length, other.hashes.length) &&
    one.hashes[count] === other.hashes[count] &&
    one.checks[count] === other.checks[count] &&
    one.ends[count] === other.ends[count]
  )
    count++
  return count
}
const bytesShared = (one: Prefix, other: Prefix): number => one.ends[shared(one, other) - 1] ?? 0

const prefixIn = (format: Format, contents: Contents): Prefix =>
  prefixOf(readBy(format, written(contents, format).raw).prompt)

const TOOLS: readonly Tool[] = ['read', 'write', 'search'].map((name) => ({
  name,
  description: prose(`the tool ${name}`, 900),
  schema: {
    type: 'object',
    properties: { path: { type: 'string', description: prose('path', 300) }, lines: { type: 'integer' } },
    required: ['path'],
  },
  strict: null,
  free: null,
  cache: null,
}))
const INSTRUCTIONS = prose('the system', 6_000)
const agent = (question: string, tools = TOOLS): Contents =>
  asked([said('system', INSTRUCTIONS), said('user', question)], { tools })

t.test('conversations with the same tools and instructions share them, in every format', (t) => {
  for (const format of ALL) {
    const one = prefixIn(format, agent(prose('first', 3_000)))
    const other = prefixIn(format, agent(prose('second', 3_000)))
    const head = bytesShared(one, other)
    t.ok(head >= 9_000 && head < one.ends.at(-1)!, `${format.name}: ${head} of ${one.size} bytes`)
    t.ok(one.size - one.ends.at(-1)! < 512, `${format.name}: all but what is less than a block`)
    const bare = prefixIn(format, agent(prose('first', 3_000), []))
    t.equal(shared(one, bare), 0, `${format.name}: tools stand in front`)
  }
  t.end()
})

t.test('a prompt is the same in all formats', (t) => {
  const contents = agent(prose('first', 3_000))
  const own = prefixIn(ALL[0]!, contents)
  t.ok(own.hashes.length > 20)
  for (const format of ALL) t.strictSame(prefixIn(format, contents), own, format.name)
  t.end()
})

t.test('the next turn of a conversation begins with all blocks of the one before, however large it has become', (t) => {
  for (const format of ALL) {
    const messages = [said('system', INSTRUCTIONS), said('user', prose('a long file', 9_000))]
    let before = prefixIn(format, asked(messages, { tools: TOOLS }))
    for (let turn = 0; turn < 12; turn++) {
      messages.push(said('assistant', prose(`answer ${turn}`, 5_000)), said('user', prose(`file ${turn}`, 12_000)))
      const now = prefixIn(format, asked(messages, { tools: TOOLS }))
      t.equal(shared(before, now), before.hashes.length, `${format.name}, turn ${turn}: ${now.size} bytes`)
      t.ok(now.hashes.length > before.hashes.length, `${format.name}, turn ${turn}: and has more of its own`)
      before = now
    }
    t.ok(before.size > 200_000, 'long texts of large bodies are cut, and were read all the same')
  }
  t.end()
})

t.test('what differs deep in a long text differs from there on', (t) => {
  for (const format of ALL) {
    const text = prose('a book', 100_000)
    const at = 60_000
    const one = prefixIn(format, asked([said('user', text)]))
    const other = prefixIn(format, asked([said('user', `${text.slice(0, at)}X${text.slice(at + 1)}`)]))
    const head = bytesShared(one, other)
    t.ok(head > at - 1_024 && head <= at, `${format.name}: ${head} of ${at}`)
  }
  t.end()
})

t.test('texts that part far behind their beginning share what is before that', (t) => {
  for (const format of ALL) {
    const text = prose('a book', 300_000)
    const at = 150_000
    const one = prefixIn(format, asked([said('user', text)]))
    const other = prefixIn(format, asked([said('user', `${text.slice(0, at)} ${text.slice(at)}`)]))
    const share = bytesShared(one, other) / one.size
    t.ok(Math.abs(share - 0.5) < 0.03, `${format.name}: ${share}`)
  }
  t.end()
})

t.test('a text as escapes of its characters is the same text', (t) => {
  const format = FORMATS.get('openai-chat')!
  const text = prose('Ünïcödé – здравствуйте', 90_000)
  const body = (content: string): Buffer =>
    Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] }))
  const escaped = Buffer.from(
    body(text)
      .toString()
      .replace(/[\u0080-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
  const turns = [text.slice(0, 30_000), text].map((part) => {
    const raw = body(part).toString()
    return Buffer.from(
      raw.replace(/[\u0080-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`),
    )
  })
  const [small, large] = turns.map((raw) => prefixOf(readBy(format, raw).prompt))
  t.equal(shared(small!, large!), small!.hashes.length, 'whether its body is large or not')
  t.ok(prefixOf(readBy(format, escaped).prompt).hashes.length > 100)
  t.end()
})

t.test('marks of caches, ids of calls, and who pays change nothing', (t) => {
  const format = FORMATS.get('anthropic-messages')!
  const body = (id: string, marked: number, bill: string): Buffer => {
    const texts = [prose('one', 2_000), prose('two', 2_000), prose('three', 80_000)]
    const blocks = texts.map((text, at) => ({
      type: 'text',
      text,
      ...(at === marked ? { cache_control: { type: 'ephemeral' } } : {}),
    }))
    return Buffer.from(
      JSON.stringify({
        model: 'm',
        max_tokens: 100,
        system: [{ type: 'text', text: `x-anthropic-billing-header: cch=${bill};\n${prose('system', 7_000)}` }],
        messages: [
          { role: 'user', content: blocks },
          { role: 'assistant', content: [{ type: 'tool_use', id, name: 'read', input: { path: 'a.ts' } }] },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: prose('file', 3_000) }] },
        ],
      }),
    )
  }
  const one = prefixOf(readBy(format, body('toolu_1', 0, '1')).prompt)
  const other = prefixOf(readBy(format, body('toolu_22', 1, '4711')).prompt)
  t.strictSame(one.hashes, other.hashes)
  t.ok(one.hashes.length > 40)
  t.end()
})

t.test('short prompts have no blocks, and a picture that is another one ends what is shared', (t) => {
  const format = FORMATS.get('openai-chat')!
  t.equal(prefixIn(format, asked([said('user', 'Which river?')])).hashes.length, 0)
  t.equal(NO_PREFIX.hashes.length, 0)
  const seen = (data: string): Prefix =>
    prefixIn(
      format,
      asked([
        said('system', INSTRUCTIONS),
        {
          ...said('user', 'What is this?'),
          parts: [
            {
              kind: 'image',
              source: { kind: 'data', mediaType: 'image/png', data },
              name: null,
              detail: null,
              cache: null,
            },
            { kind: 'text', text: prose('after', 2_000), cache: null },
          ],
        },
      ]),
    )
  const [one, other] = [seen('AAAA'), seen('AAAB')]
  t.strictSame(seen('AAAA'), one)
  t.ok(bytesShared(one, other) >= 5_500 && bytesShared(one, other) < 6_100, String(bytesShared(one, other)))
  t.end()
})

t.test('no two blocks of some hundred thousand have the same hash and check', (t) => {
  const format = FORMATS.get('openai-chat')!
  const seen = new Map<number, Set<number>>()
  let twice = 0
  let blocks = 0
  for (let turn = 0; turn < 600; turn++) {
    const { hashes, checks } = prefixIn(format, asked([said('user', prose(`text ${turn}`, 60_000))]))
    for (const [at, hash] of hashes.entries()) {
      const known = seen.get(hash) ?? new Set()
      if (known.has(checks[at]!)) twice++
      seen.set(hash, known.add(checks[at]!))
      blocks++
    }
  }
  t.equal(twice, 0)
  const doubled = blocks - seen.size
  t.ok(doubled < 10, `${doubled} of ${blocks} hashes are there twice; by chance one or two are`)
  t.end()
})
