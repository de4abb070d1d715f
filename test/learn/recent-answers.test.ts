import t from 'tap'
import { RecentAnswers, type Told } from '../../src/decision/learn/recent-answers.ts'
import { pick, seeded } from '../support/random.ts'
import { features } from '../support/features.ts'
import { deployment } from '../support/factories.ts'

const NOTHING: Told = { weight: 0, sum: 0, hints: 0, scored: null }
const MOST = 16
const VECTOR = 5
const ARMS = ['up/a', 'up/b'].map((id) => deployment(id).targets[0]!.arm)

t.test(
  'what is found is what was remembered last, by its caller, among the newest, with what was said of it since',
  async (t) => {
    const next = seeded(3)
    const some = (count: number): number[] => Array.from({ length: count }, () => Math.fround(next()))
    const recent = new RecentAnswers(MOST)
    // The same in plain objects, the oldest first.
    let plain: {
      id: string
      caller: string
      arm: (typeof ARMS)[number]
      text: ReturnType<typeof features>
      told: Told
    }[] = []
    let found = 0
    let noted = 0
    for (let round = 0; round < 3000; round++) {
      const id = `r${Math.floor(next() * 40)}`
      const caller = pick(next, ['one', 'other'])
      if (next() < 0.5) {
        const topics = Array.from({ length: 1 + Math.floor(next() * 4) }, () => Math.floor(next() * 90))
        const text = features({ topics, shares: some(topics.length), vector: some(VECTOR), demand: next() })
        const arm = pick(next, ARMS)
        recent.remember(id, caller, arm, text)
        plain = [...plain, { id, caller, arm, text, told: NOTHING }].slice(-MOST)
        continue
      }
      const own = plain.findLast((one) => one.id === id)
      const answer = recent.find(id, caller)
      if (own === undefined || own.caller !== caller) {
        t.equal(answer, null)
        continue
      }
      found++
      const { topics, shares, vector, demand } = own.text
      t.strictSame(answer, { arm: own.arm, text: { topics, shares, vector, demand }, told: own.told })
      if (own.told !== NOTHING) noted++
      const [weight, sum, score, expected] = some(4)
      const scored = own.told.scored ?? (next() < 0.5 ? null : { score: score!, expected: expected! })
      const told = { weight: weight!, sum: sum!, hints: Math.floor(next() * 64), scored }
      recent.note(id, told)
      plain = plain.map((one) => (one === own ? { ...one, told } : one))
    }
    t.ok(found > 100)
    t.ok(noted > 20, `${noted} of ${found}`)
  },
)
