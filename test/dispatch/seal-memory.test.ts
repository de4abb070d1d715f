import t from 'tap'
import { SealMemory } from '../../src/dispatch/seal-memory.ts'

const seal = (value: string) => ({ maker: 'gemini', value, id: null })

t.test('a seal is given to whom it was kept for, and to nobody else', async (t) => {
  const memory = new SealMemory()
  memory.keep('one', 'call_1', seal('a'))
  memory.keep('two', 'call_1', seal('b'))
  t.strictSame(memory.recall('one', 'call_1'), seal('a'))
  t.strictSame(memory.recall('two', 'call_1'), seal('b'))
  t.equal(memory.recall('three', 'call_1'), null)
  t.equal(memory.recall('one', 'call_2'), null)
  memory.keep('one', 'call_1', seal('c'))
  t.strictSame(memory.recall('one', 'call_1'), seal('c'))
})

t.test('the oldest go where there is no more room, whatever the newest takes', async (t) => {
  const memory = new SealMemory(1_000)
  for (let call = 0; call < 50; call++) memory.keep('k', `call_${call}`, seal('x'.repeat(90)))
  const kept = Array.from({ length: 50 }, (_, call) => memory.recall('k', `call_${call}`) !== null)
  t.strictSame(kept.lastIndexOf(false) + 1, kept.indexOf(true), 'the newest stay')
  t.equal(kept.filter(Boolean).length, 10)
  memory.keep('k', 'huge', seal('x'.repeat(300_000)))
  t.equal(memory.recall('k', 'huge'), null, 'one that is no signature')
  t.not(memory.recall('k', 'call_49'), null)
  memory.keep('k', 'call_49', seal('y'.repeat(950)))
  t.strictSame(memory.recall('k', 'call_49'), seal('y'.repeat(950)))
  t.equal(memory.recall('k', 'call_48'), null)
})
