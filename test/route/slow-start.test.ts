/** Who was down and is back: one request at a time until one is answered, then a share that grows to the whole within 30 s. */
import t from 'tap'
import { loadOf } from '../../src/core/load.ts'
import type { Scoring } from '../../src/core/strategies.ts'
import type { BackendLive } from '../../src/core/types.ts'
import { isHeldBack, RAMP_MS, rampOf } from '../../src/decision/route/slow-start.ts'
import { backend, live, provider } from '../support/factories.ts'
import { like, orderOf, planner } from '../support/fields.ts'
import { pick, seeded } from '../support/random.ts'

type Writable<T> = { -readonly [K in keyof T]: T[K] }

const back = (since: number, answered = true): Pick<BackendLive, 'recovery'> => ({ recovery: { since, answered } })

t.test('the share of its weight that counts', async (t) => {
  t.equal(rampOf({ recovery: null }, 5), 1)
  const cases = [
    [0, 0.1],
    [3_000, 0.1],
    [6_000, 0.2],
    [15_000, 0.5],
    [30_000, 1],
    [90_000, 1],
  ] as const
  for (const [after, share] of cases) t.equal(rampOf(back(1_000), 1_000 + after), share)
})

t.test('one at a time until one is answered, within its share from then on', async (t) => {
  const at = (open: number, answered: boolean, due: boolean, now = 1_000): boolean =>
    isHeldBack({ ...back(0, answered), load: loadOf(open) }, due, now)
  t.equal(at(0, false, true), false, 'somebody has to be the first')
  t.equal(at(1, false, true), true)
  t.equal(at(1, true, true), false)
  t.equal(at(0, true, false), true)
  t.equal(at(9, false, false, RAMP_MS), false, 'it is over, whatever became of it')
  t.equal(isHeldBack({ recovery: null, load: loadOf(9) }, false, 1_000), false)
})

interface Run {
  readonly random: () => number
  readonly strategy: Scoring
  readonly others: number
  readonly weight: number
  /** Requests in a second, and how many of them each works on at a time. */
  readonly rate: number
  readonly seconds: number
}

/** A minute of requests to replicas of which the first one came back at 0. By request: when, and whether the first took it. */
function minute({ random, strategy, others, weight, rate, seconds }: Run) {
  const state: Writable<BackendLive>[] = []
  const all = Array.from({ length: 1 + others }, (_, at) => {
    state.push({ ...live({ load: loadOf(0), recovery: at === 0 ? { since: 0, answered: false } : null }) })
    return like(
      `b${at}/m`,
      {},
      {
        backend: backend({ name: `b${at}`, provider: provider({ local: true }), weight: at === 0 ? weight : 1 }),
        live: state[at]!,
      },
    )
  })
  const next = planner(all, { strategy })
  const ends: { readonly at: number; readonly place: number }[] = []
  const requests: { readonly now: number; readonly own: boolean; readonly beside: number; readonly proven: boolean }[] =
    []
  const load = (place: number, by: number): void => {
    state[place]!.load = { ...state[place]!.load, open: state[place]!.load.open + by }
  }
  for (let now = 0; now < 60_000; now += (1000 / rate) * 2 * random()) {
    for (let at = ends.length - 1; at >= 0; at--) {
      const { at: end, place } = ends[at]!
      if (end > now) continue
      ends.splice(at, 1)
      load(place, -1)
      if (place === 0) state[0]!.recovery = { since: 0, answered: true }
    }
    const first = next(now).order[0]!.deployment
    const place = all.findIndex(({ id }) => id === first.id)
    requests.push({
      now,
      own: place === 0,
      beside: state[0]!.load.open,
      proven: state[0]!.recovery!.answered,
    })
    load(place, 1)
    ends.push({ at: now + 1000 * seconds * (0.5 + random()), place })
  }
  return requests
}

t.test('it never starves, and never gets more than its share', async (t) => {
  const strategies: readonly Scoring[] = ['balanced', 'fast', 'cheap', 'round_robin', 'weighted', 'least_busy']
  for (let seed = 1; seed <= 60; seed++) {
    const random = seeded(seed)
    const others = 1 + Math.floor(random() * 4)
    const weight = pick(random, [0.5, 1, 1, 2])
    const strategy = pick(random, strategies)
    const run = { random, strategy, others, weight, rate: 4 + 30 * random(), seconds: 0.2 + random() }
    const what = `${JSON.stringify(strategy)}, ${others} others, weight ${weight}, ${run.rate.toFixed(1)}/s, seed ${seed}`
    const requests = minute(run)
    const fair = strategy === 'round_robin' ? 1 / (1 + others) : weight / (weight + others)
    let own = 0
    let due = 0
    let worst = -Infinity
    for (const { now, own: took, beside, proven } of requests) {
      if (took && !proven && beside > 0) t.fail(`a second one before the first is answered: ${what}`)
      if (took) own++
      const ramp = rampOf(back(0), now)
      due += (fair * ramp) / (1 - fair + fair * ramp)
      if (now < RAMP_MS) worst = Math.max(worst, own - due)
    }
    // One that is due comes at once, before its share has added up; and the turns of the others are not exactly even.
    t.ok(worst <= 2 + 0.15 * due, `${worst.toFixed(1)} beyond its share: ${what}`)
    const count = (from: number, to: number): readonly [number, number] => {
      const part = requests.filter(({ now }) => now >= from && now < to)
      return [part.filter((one) => one.own).length, part.length]
    }
    for (let from = 0; from < RAMP_MS; from += 10_000) t.ok(count(from, from + 10_000)[0] > 0, `it starves: ${what}`)
    const [late, all] = count(RAMP_MS, 60_000)
    t.ok(late > 0.6 * fair * all && late < 1.4 * fair * all + 2, `${late} of ${all} once it is over: ${what}`)
  }
})

t.test('who is held back is asked all the same where no other is well', async (t) => {
  const recovering = like('a/m', {}, { live: live({ load: loadOf(3), recovery: { since: 0, answered: false } }) })
  const well = like('b/m')
  const down = like('b/m', {}, { live: live({ state: 'down' }) })
  const situation = { moment: { now: 5_000 } }
  t.strictSame(orderOf([recovering, well], situation), ['b/m', 'a/m'])
  t.strictSame(orderOf([recovering, down], situation), ['a/m', 'b/m'])
  t.strictSame(orderOf([recovering], situation), ['a/m'])
})
