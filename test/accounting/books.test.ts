import t from 'tap'
import { Tails } from '../../src/decision/learn/tails.ts'
import { Books } from '../../src/accounting/books.ts'
import type { SettledRequest } from '../../src/accounting/request-record.ts'
import { settle } from '../../src/accounting/settle.ts'
import type { FinalSummary } from '../../src/accounting/summary.ts'
import type { RequestObserver } from '../../src/core/request-record.ts'
import { Conversations } from '../../src/decision/route/conversations.ts'
import { attemptOf, FleetLog, lifeOf, planTo, type LifeTraits } from '../support/attempts.ts'
import { Clock } from '../support/clock.ts'
import { deployment, gatewayRequest, profile } from '../support/factories.ts'

const TARGET = deployment('a/m').targets[0]!

interface Rig {
  readonly books: Books
  /** What was done, in its order: `observer id`, `learn id`, `event`. */
  readonly done: string[]
}

/** `fails`: what an observer throws at. */
function rig(names: readonly string[] = ['first', 'second'], fails: readonly string[] = []): Rig {
  const done: string[] = []
  const note = (what: string): void => {
    if (fails.includes(what)) throw new Error('a secret')
    done.push(what)
  }
  const observers = names.map((name): RequestObserver => ({
    readsDecisions: 'none',
    onCompleted: ({ id }) => note(`${name} ${id}`),
  }))
  const lessons = {
    learn: ({ requestId }: { readonly requestId: string }) => note(`learn ${requestId}`),
    follow: () => null,
    heed: () => undefined,
    tails: new Tails(),
  }
  const emit = ({ event }: { readonly event: string }): void => void done.push(event)
  return { books: new Books({ observers, lessons, emit }), done }
}

/** A request that was answered. */
function settled(id: string, traits: LifeTraits = {}): SettledRequest {
  const exchange = { ttftMs: 12, endedAt: 24, streamed: true }
  const life = lifeOf({
    request: gatewayRequest({ model: 'm' }, { id, startedAt: 3 }),
    made: [attemptOf(TARGET, { exchange, track: { finish: 'stop', content: true } })],
    ...traits,
  })
  return { life, summary: life.summary as FinalSummary, endedAt: 1 }
}

const all = (what: string, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `${what} ${from + index}`)

t.test('64 requests are recorded at once: by one observer after the other, then they are learnt from', async (t) => {
  const { books, done } = rig()
  for (let number = 0; number < 63; number++) books.add(settled(String(number)))
  t.strictSame(done, [], 'fewer wait')
  books.add(settled('63'))
  t.strictSame(done, [...all('first', 0, 64), ...all('second', 0, 64), ...all('learn', 0, 64)])
  books.add(settled('64'))
  t.equal(done.length, 3 * 64, 'the next one waits for others')
  books.flush()
  t.strictSame(done.slice(3 * 64), ['first 64', 'second 64', 'learn 64'], 'or for somebody who reads')
  books.flush()
  t.equal(done.length, 3 * 65, 'each is recorded once')
})

t.test('whatever waits is recorded 25 ms after the first of it, and no timer runs while nothing waits', async (t) => {
  const clock = new Clock().install(t)
  const { books, done } = rig(['it'])
  t.equal(clock.waiting, 0)
  books.add(settled('a'))
  clock.pass(20)
  books.add(settled('b'))
  t.strictSame(done, [])
  clock.pass(5)
  t.strictSame(done, ['it a', 'it b', 'learn a', 'learn b'])
  t.equal(clock.waiting, 0)
  books.add(settled('c'))
  t.equal(clock.waiting, 1)
  clock.pass(25)
  t.strictSame(done.slice(4), ['it c', 'learn c'])
})

t.test('no more than a megabyte of bodies waits', async (t) => {
  const { books, done } = rig(['it'])
  const large = (id: string): SettledRequest =>
    settled(id, { request: { ...gatewayRequest({ model: 'm' }, { id }), raw: Buffer.alloc(400_000) } })
  for (const id of ['a', 'b']) books.add(large(id))
  t.strictSame(done, [])
  books.add(large('c'))
  t.strictSame(done.slice(0, 3), ['it a', 'it b', 'it c'])
  for (const id of ['d', 'e']) books.add(large(id))
  t.equal(done.length, 6, 'and counting begins anew')
})

const FAILURES: Readonly<Record<string, { readonly fails: string; readonly left: readonly string[] }>> = {
  'an observer that throws at one record': {
    fails: 'first b',
    left: [
      'first a',
      'observer_failed',
      'first c',
      'second a',
      'second b',
      'second c',
      'learn a',
      'learn b',
      'learn c',
    ],
  },
  'an answer that nothing can be learnt from': {
    fails: 'learn a',
    left: [
      'first a',
      'first b',
      'first c',
      'second a',
      'second b',
      'second c',
      'observer_failed',
      'learn b',
      'learn c',
    ],
  },
}

for (const [what, { fails, left }] of Object.entries(FAILURES))
  t.test(`${what} keeps the others of its batch from nothing`, async (t) => {
    const { books, done } = rig(['first', 'second'], [fails])
    for (const id of ['a', 'b', 'c']) books.add(settled(id))
    books.flush()
    t.strictSame(done, left)
  })

t.test('a request that no record can be made of touches no other', async (t) => {
  const { books, done } = rig(['it'])
  const broken = planTo([TARGET], {
    baseline: () => {
      throw new Error('a bug')
    },
  })
  books.add(settled('a'))
  books.add(settled('b', { plan: broken }))
  books.add(settled('c'))
  books.flush()
  t.strictSame(done.slice(0, 3), ['observer_failed', 'it a', 'it c'])
})

t.test("the next request of a conversation finds the last one's place before that is recorded", async (t) => {
  const conversations = new Conversations()
  const added: unknown[] = []
  const tools = {
    fleet: { overran: () => undefined },
    conversations,
    checker: { check: () => Promise.resolve('unchecked' as const) },
    books: { add: () => added.push(conversations.recall('c-1', 40)) },
  }
  const { life } = settled('a', { fleet: new FleetLog().fleet })
  life.plan = planTo([TARGET], { profile: profile({ affinity: 'c-1', continues: true }) })
  await settle(life, tools)
  t.equal(added.length, 1)
  t.match(added[0], { deployment: 'a/m', model: 'm' }, 'when it goes to the books its place is known')
})
