import t from 'tap'
import { RecentAnswers } from '../../src/decision/learn/recent-answers.ts'
import { pick, seeded } from '../support/random.ts'
import { features } from '../support/features.ts'
import { deployment } from '../support/factories.ts'

const MOST = 16
const VECTOR = 5
const ARMS = ['up/a', 'up/b'].map((id) => deployment(id).targets[0]!.arm)

t.test('what is taken is what was remembered last, once, by its caller, among the newest', async (t) => {
  const next = seeded(3)
  const some = (count: number): number[] => Array.from({ length: count }, () => Math.fround(next()))
  const recent = new RecentAnswers(MOST)
  // The same in plain objects, the oldest first.
  let plain: { id: string; caller: string; arm: (typeof ARMS)[number]; text: ReturnType<typeof features> }[] = []
  let taken = 0
  for (let round = 0; round < 3000; round++) {
    const id = `r${Math.floor(next() * 40)}`
    const caller = pick(next, ['one', 'other'])
    if (next() < 0.5) {
      const topics = Array.from({ length: 1 + Math.floor(next() * 4) }, () => Math.floor(next() * 90))
      const text = features({ topics, shares: some(topics.length), vector: some(VECTOR), demand: next() })
      const arm = pick(next, ARMS)
      recent.remember(id, caller, arm, text)
      plain = [...plain, { id, caller, arm, text }].slice(-MOST)
      continue
    }
    const found = plain.findLast((one) => one.id === id)
    const answer = recent.take(id, caller)
    if (found === undefined || found.caller !== caller) {
      t.equal(answer, null)
      continue
    }
    taken++
    // Its places stay taken, by nobody.
    plain = plain.map((one) => (one.id === id ? { ...one, id: '' } : one))
    const { topics, shares, vector, demand } = found.text
    t.strictSame(answer, { arm: found.arm, text: { topics, shares, vector, demand } })
  }
  t.ok(taken > 100)
})
