import t from 'tap'
import { AnswerSize } from '../../src/formats/openai/answer-size.ts'

const event = (delta: object): string =>
  Buffer.from(JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }] })).toString('latin1')

function tokensOf(deltas: readonly object[]): number {
  const size = new AnswerSize()
  for (const delta of deltas) size.event(event(delta))
  return size.tokens
}

const times = (count: number, delta: object): object[] => Array.from({ length: count }, () => delta)

t.test('an event of a short answer is a token', async (t) => {
  t.equal(tokensOf([]), 0)
  t.equal(tokensOf([{ role: 'assistant', content: '' }, {}]), 0)
  t.equal(tokensOf([{ role: 'assistant', content: '' }, ...times(10, { content: 'a' }), {}]), 10)
  t.equal(tokensOf(times(5, { reasoning_content: 'hm' })), 5)
  t.equal(tokensOf(times(5, { content: '', reasoning: 'hm' })), 5, 'the field that has something')
  t.equal(tokensOf(times(3, { tool_calls: [{ index: 0, function: { arguments: '{' } }] })), 3)
})

t.test('a long piece is more than one', async (t) => {
  t.equal(tokensOf([{ content: 'x'.repeat(400) }]), 100)
  t.equal(tokensOf([{ content: 'a "quoted" word\\' }]), 5, 'quotes do not end it')
  t.equal(tokensOf([{ content: '水'.repeat(8) }]), 6, 'by bytes')
  t.equal(tokensOf([{ reasoning: 'abcd', reasoning_details: [{ text: 'abcd' }] }]), 1, 'the same text twice')
})

t.test('of a long answer every so-many-th event is measured', async (t) => {
  for (const count of [32, 33, 500, 10_000]) {
    t.equal(tokensOf(times(count, { content: 'ab' })), count)
    const long = tokensOf(times(count, { content: 'x'.repeat(40) }))
    t.equal(long, 10 * count)
  }
})

t.test('the size of a whole answer counts its text and no log probabilities', async (t) => {
  const whole = (message: object): number => {
    const size = new AnswerSize()
    size.choices([{ index: 0, message, logprobs: { content: [{ token: 'x'.repeat(99) }] } }])
    return size.tokens
  }
  t.equal(whole({ role: 'assistant', content: 'x'.repeat(40) }), 10)
  t.equal(whole({ content: 'xxxx', reasoning_content: 'xxxx' }), 2)
  t.equal(whole({ content: null, tool_calls: [{ function: { name: 'f', arguments: '{"a":12}' } }] }), 2)
  t.equal(whole({ content: [{ type: 'text', text: 'xxxx' }] }), 1)
  t.equal(whole({ content: null }), 0)
  const odd = new AnswerSize()
  odd.choices([null, 1, 'x', [], { text: 'abcdefgh' }])
  t.equal(odd.tokens, 2)
})
