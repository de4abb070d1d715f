import t from 'tap'
import { conversationTokens, readConversation } from '../../src/decision/classify/conversation.ts'
import type { Json } from '../../src/core/json.ts'
import { gatewayRequest } from '../support/factories.ts'
import { pick, seeded } from '../support/random.ts'

const conversation = (of: Json) => {
  const found = readConversation(gatewayRequest({ messages: of }).prompt)
  const { images, sounds, question, usesTools, opening, continues } = found
  return { tokens: conversationTokens(found), images, sounds, question, usesTools, opening, continues }
}

const user = (content: Json): Json => ({ role: 'user', content })
const assistant = (content: Json): Json => ({ role: 'assistant', content })
const system = { role: 'system', content: 'You are a helpful assistant.' }

t.test('the last question of the user counts', async (t) => {
  t.equal(conversation([system, user('one'), assistant('two'), user('three')]).question, 'three')
  t.equal(conversation([user('one'), { role: 'tool', content: 'result' }]).question, 'one')
  t.equal(conversation([system]).question, null)
  const parts = [
    { type: 'text', text: 'short' },
    { type: 'text', text: 'the longer of the two' },
  ]
  t.equal(conversation([user(parts)]).question, 'the longer of the two')
})

t.test('conversations go on under the name of their beginning', async (t) => {
  const name = (...list: Json[]): string | null => conversation(list).opening
  const first = name(system, user('one'))
  t.match(first, /^[0-9a-f]{8}$/)
  t.equal(name(system, user('one'), assistant('two'), user('three')), first)
  t.not(name(system, user('another')), first, 'the same instructions, another question')
  t.not(name({ role: 'system', content: 'Be brief.' }, user('one')), first)
  t.equal(name(), null)
  t.equal(name(user([{ type: 'image_url', image_url: { url: 'data:' } }])), null, 'no text, no name')
})

t.test('the second turn of a chat without instructions bears the name of the first', async (t) => {
  const turns = [user('one'), assistant('two'), user('three'), assistant('four'), user('five')]
  const names = [1, 3, 5].map((length) => conversation(turns.slice(0, length)).opening)
  t.strictSame(new Set(names).size, 1)
})

t.test('a long beginning is told apart by its length too', async (t) => {
  const name = (text: string): string | null => conversation([user(text)]).opening
  t.not(name('x'.repeat(5000)), name('x'.repeat(5001)))
  t.equal(name('x'.repeat(5000)), name('x'.repeat(5000)))
})

t.test('it goes on where there was an answer', async (t) => {
  t.equal(conversation([system, user('one')]).continues, false)
  t.equal(conversation([user('one'), assistant('two')]).continues, true)
})

t.test('tools, pictures and sounds of a conversation are counted', async (t) => {
  t.equal(conversation([user('x')]).usesTools, false)
  t.equal(conversation([{ role: 'assistant', tool_calls: [] }]).usesTools, false)
  t.equal(conversation([{ role: 'assistant', tool_calls: [{}] }]).usesTools, true)
  t.equal(conversation([{ role: 'tool', content: 'x' }]).usesTools, true)
  const found = conversation([user([{ type: 'image_url' }, { type: 'image_url' }, { type: 'input_audio' }])])
  t.match(found, { images: 2, sounds: 1 })
  t.ok(found.tokens > 500, 'a picture takes room')
})

t.test('every message adds to the size', async (t) => {
  const size = (...list: Json[]): number => conversation(list).tokens
  t.equal(size(), 0)
  t.ok(size(user('x')) > 0)
  t.equal(size(user('one'), user('one')), 2 * size(user('one')))
  t.ok(size(user('word '.repeat(100))) > size(user('word '.repeat(50))))
})

t.test('messages of any odd shape are nothing and throw nothing', async (t) => {
  const nothing = { tokens: 0, images: 0, sounds: 0, question: null, usesTools: false, opening: null, continues: false }
  for (const list of [null, 'x', 7, {}, []]) t.strictSame(conversation(list), nothing)
  t.strictSame(conversation([null, 1, 'x', [], true]), nothing)
  t.doesNotThrow(() =>
    conversation([{ role: 7, content: { a: 1 } }, user([null, 3, [], { type: 4, text: 5 }, 'text'])]),
  )
})

t.test('the size of a long conversation is about that of its messages one by one', async (t) => {
  const next = seeded(5)
  const words = ['river', 'the', 'Mühle', '12', '{x:', 'boats.\n', 'constitutional', '桥', '--', 'a']
  const text = (): string =>
    Buffer.from(Array.from({ length: 50 + next() * 2000 }, () => pick(next, words)).join(' ')).toString('latin1')
  for (const length of [8, 12, 41, 200]) {
    const texts = Array.from({ length }, text)
    const whole = conversation(texts.map((content) => user(content))).tokens
    const single = texts.reduce((sum, content) => sum + conversation([user(content)]).tokens, 0)
    t.ok(Math.abs(whole / single - 1) < (length === 8 ? 1e-9 : 0.03), `${whole} for ${single}`)
  }
})
