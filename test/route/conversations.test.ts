import t from 'tap'
import { Conversations, type Remembered } from '../../src/decision/route/conversations.ts'

const at = (deployment: string, at = 0): Remembered => ({ deployment, model: 'm', at })

t.test('the last place of a conversation', async (t) => {
  const all = new Conversations()
  t.equal(all.recall('a', 0), null)
  all.remember('a', at('x/m'))
  all.remember('b', at('y/m'))
  all.remember('a', at('z/m', 5))
  t.match(all.recall('a', 6), { deployment: 'z/m' })
  t.match(all.recall('b', 6), { deployment: 'y/m' })
  t.equal(all.recall(null, 6), null, 'a request that stands alone')
})

t.test('after a pause the choice is free again', async (t) => {
  const all = new Conversations()
  all.remember('a', at('x/m', 1000))
  t.ok(all.recall('a', 1000 + 9 * 60_000))
  t.equal(all.recall('a', 1000 + 11 * 60_000), null)
})

t.test('bounded: the ones that are silent for the longest go first', async (t) => {
  const all = new Conversations()
  for (let i = 0; i < 20_000; i++) all.remember(`${i}`, at('x/m'))
  all.remember('0', at('y/m'))
  all.remember('new', at('x/m'))
  t.equal(all.recall('1', 0), null)
  t.match(all.recall('0', 0), { deployment: 'y/m' })
  t.ok(all.recall('2', 0))
})
