/** Intervals that hold what they promise: true savings that are planted are found, and where there are none, none are told. */
import t from 'tap'
import { Group, type Measured, SUM } from '../../src/observe/savings/group.ts'
import { LastWeek } from '../../src/observe/savings/last-week.ts'
import { differenceOf, ratioOf, shareOf } from '../../src/observe/savings/ratio.ts'
import { FEWEST, type MeasuredDifference, type MeasuredSavings, savingsOf } from '../../src/observe/savings/report.ts'
import { Savings } from '../../src/observe/savings/savings.ts'
import { trialOf } from '../../src/core/trial.ts'
import { cost, usage } from '../support/factories.ts'
import { finished } from '../support/records.ts'
import { seeded } from '../support/random.ts'

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** What requests of a group are like: nano-dollars, tokens and milliseconds of a request in the mean, and the share of useful answers. */
interface Nature {
  readonly cost: number
  readonly tokens: number
  readonly ttft: number
  readonly useful: number
}

const CHOSEN: Nature = { cost: 2e6, tokens: 400, ttft: 300, useful: 0.95 }
const AT_RANDOM: Nature = { cost: 6e6, tokens: 500, ttft: 350, useful: 0.88 }

const anyRequest = (id: string, affinity: string | null, traits: Partial<Measured> = {}): Measured => ({
  id,
  affinity,
  success: true,
  tokens: usage({ input: 10, output: 5 }),
  cost: cost(1000),
  partial: false,
  ttftMs: 100,
  ...traits,
})

/** Conversations of several turns that are like each other within one: dear ones stay dear, hard ones stay hard. */
function traffic(seed: number, talks: number, share: number, control: Nature, rest: Nature): Savings {
  const random = seeded(seed)
  const savings = new Savings()
  for (let talk = 0; talk < talks; talk++) {
    const name = `${seed}-${talk}`
    const trial = trialOf('routing', name, share)
    const nature = trial.control ? control : rest
    const [dear, long] = [Math.exp(0.6 * normal(random) - 0.18), Math.exp(0.4 * normal(random) - 0.08)]
    const useful = Math.min(1, Math.max(0, nature.useful + 0.08 * (random() - 0.5)))
    const turns = 1 + Math.floor(-3 * Math.log(1 - random()))
    for (let turn = 0; turn < turns; turn++) {
      const amount = dear * Math.exp(0.5 * normal(random) - 0.125)
      const request = anyRequest(`${name}-${turn}`, name, {
        success: random() < useful,
        cost: cost(Math.round(nature.cost * amount)),
        tokens: usage({
          input: Math.round(nature.tokens * long * 0.75),
          output: Math.round(nature.tokens * long * 0.25),
        }),
        ttftMs: nature.ttft * long,
      })
      savings.add({ ...request, route: 'default', trials: [trial] })
    }
  }
  return savings
}

const only = (savings: Savings): MeasuredSavings => savingsOf(savings.all()[0]!)
const holds = ({ difference }: MeasuredDifference, truth: number): boolean =>
  difference !== null && difference.low <= truth && truth <= difference.high

const RUNS = 200

/** In how many of the runs the interval of each measure holds the truth. */
function held(talks: number, share: number, control: Nature, rest: Nature): Readonly<Record<string, number>> {
  const counts = { cost: 0, tokens: 0, useful: 0, ttft: 0 }
  const each = (of: (nature: Nature) => number): number => of(rest) - of(control)
  for (let seed = 1; seed <= RUNS; seed++) {
    const told = only(traffic(seed, talks, share, control, rest))
    if (
      holds(
        told.cost_per_success_usd,
        each((one) => one.cost / 1e9 / one.useful),
      )
    )
      counts.cost++
    if (
      holds(
        told.tokens_per_success,
        each((one) => one.tokens / one.useful),
      )
    )
      counts.tokens++
    if (
      holds(
        told.success_ratio,
        each((one) => one.useful),
      )
    )
      counts.useful++
    if (
      holds(
        told.ttft_ms,
        each((one) => one.ttft),
      )
    )
      counts.ttft++
  }
  return counts
}

/** Of 200 runs at 95 %, all but one of ten thousand such counts lie within. */
const LEAST = 179
const MOST = 199

t.test('the interval holds the true difference in about 95 of 100 runs', async (t) => {
  for (const [talks, share] of [
    [800, 0.15],
    [400, 0.5],
  ] as const)
    for (const [name, count] of Object.entries(held(talks, share, AT_RANDOM, CHOSEN)))
      t.ok(count >= LEAST && count <= MOST, `${name}: ${count} of ${RUNS} with ${talks} conversations`)
})

t.test('where both groups are treated alike it holds 0 in about 95 of 100 runs', async (t) => {
  for (const [name, count] of Object.entries(held(800, 0.15, CHOSEN, CHOSEN)))
    t.ok(count >= LEAST && count <= MOST, `${name}: ${count} of ${RUNS}`)
})

t.test('turns that are taken for independent would promise far too much', async (t) => {
  const random = seeded(3)
  let [together, apart] = [0, 0]
  for (let run = 0; run < RUNS; run++) {
    const groups = [0, 1].map(() => ({ whole: new Group(), single: new Group() }))
    for (const { whole, single } of groups)
      for (let talk = 0; talk < 80; talk++) {
        const amount = cost(Math.round(1e6 * Math.exp(0.5 * normal(random))))
        for (let turn = 0; turn < 20; turn++) {
          const id = `${run}-${talk}-${turn}-${random()}`
          whole.add(anyRequest(id, `${run}-${talk}`, { cost: amount }), 1)
          single.add(anyRequest(id, null, { cost: amount }), 1)
        }
      }
    const isHeld = (of: 'whole' | 'single'): boolean => {
      const [a, b] = groups.map((group) => ratioOf(group[of].pairs(SUM.cost, SUM.priced))!)
      const { low, high } = differenceOf(a!, b!)
      return low <= 0 && high >= 0
    }
    if (isHeld('whole')) together++
    if (isHeld('single')) apart++
  }
  t.ok(together >= LEAST, `${together}`)
  t.ok(apart < LEAST - 60, `${apart}`)
})

t.test('the same requests in any order and any parts come to the same', async (t) => {
  const random = seeded(11)
  const requests = Array.from({ length: 600 }, (_, at) => {
    const trial = trialOf('routing', `talk-${at % 150}`, 0.3)
    return { ...anyRequest(`${at}`, `talk-${at % 150}`, { cost: cost(at * 1000) }), route: 'r', trials: [trial] }
  })
  const whole = new Savings()
  for (const request of requests) whole.add(request)
  const parts = [new Savings(), new Savings(), new Savings()]
  for (const request of [...requests].sort(() => random() - 0.5)) parts[Math.floor(random() * 3)]!.add(request)
  const sum = new Savings()
  for (const part of parts) sum.addAll(part)
  t.strictSame(only(sum), only(whole))
})

t.test('a share that was changed does not mix times up', async (t) => {
  // Costs fall to a tenth while the share rises: without weights the group would seem to be the cheap one.
  const savings = new Savings()
  for (const [share, amount] of [
    [0.05, 10_000_000],
    [0.5, 1_000_000],
  ] as const)
    for (let talk = 0; talk < 3000; talk++) {
      const name = `${share}-${talk}`
      const trials = [trialOf('routing', name, share)]
      savings.add({ ...anyRequest(name, name, { cost: cost(amount) }), route: 'r', trials })
    }
  const { cost_per_success_usd: told } = only(savings)
  t.ok(holds(told, 0), JSON.stringify(told))
  t.ok(Math.abs(told.control! - 0.0055) < 0.0005, `${told.control}`)
})

t.test('with few conversations nothing is said, whatever number of turns they have', async (t) => {
  const savings = new Savings()
  for (let talk = 0; talk < 500; talk++) {
    const name = `talk-${talk}`
    const trial = trialOf('routing', name, 0.02)
    for (let turn = 0; turn < 20; turn++)
      savings.add({ ...anyRequest(`${name}-${turn}`, name), route: 'r', trials: [trial] })
  }
  const told = only(savings)
  t.ok(told.control.requests > FEWEST && told.control.requests < 20 * FEWEST, `${told.control.requests}`)
  for (const one of [told.cost_per_success_usd, told.tokens_per_success, told.success_ratio, told.ttft_ms])
    t.match(one, { difference: null, relative: null, why: 'few' })
  t.strictSame(told.saved, { usd: null, tokens: null })
})

const many = (control: Partial<Measured>, rest: Partial<Measured>): MeasuredSavings => {
  const savings = new Savings()
  for (let talk = 0; talk < 2000; talk++) {
    const trial = trialOf('routing', `${talk}`, 0.2)
    savings.add({ ...anyRequest(`${talk}`, null, trial.control ? control : rest), route: 'r', trials: [trial] })
  }
  return only(savings)
}

t.test('what is not known is not told', async (t) => {
  const unpriced = many({ cost: null, partial: true }, {})
  t.match(unpriced.cost_per_success_usd, { control: null, rest: null, difference: null, why: 'unpriced' })
  t.equal(unpriced.saved.usd, null)
  t.equal(unpriced.tokens_per_success.why, null)
  t.ok(unpriced.control.unpriced_requests > 300)
  t.match(many({ ttftMs: null }, { ttftMs: null }).ttft_ms, { control: null, rest: null, why: 'none' }, 'no streams')
  t.match(many({ success: false }, {}).tokens_per_success, { control: null, why: 'few' }, 'no useful answer')
  t.equal(many({ tokens: { ...usage({ input: 1 }), estimated: true } }, {}).estimated_tokens_ratio > 0, true)
})

t.test('a share without a single failure is not taken for certain', async (t) => {
  const { success_ratio: told } = many({}, {})
  t.equal(told.difference!.value, 0)
  t.ok(told.difference!.low < -0.002 && told.difference!.high > 0.0005, JSON.stringify(told.difference))
  t.ok(Math.abs(shareOf({ value: 1, variance: 0, freedom: 9 }, 98).variance - 0.000099) < 1e-12)
})

t.test('what all was saved is the difference times the useful answers of the rest', async (t) => {
  const { saved, rest, cost_per_success_usd: told } = many({ cost: cost(4_000_000) }, { cost: cost(1_000_000) })
  t.match(told, { control: 0.004, rest: 0.001, difference: { value: -0.003 }, relative: { value: -0.75 } })
  t.ok(Math.abs(saved.usd!.value - 0.003 * rest.useful_answers) < 1e-6)
})

t.test('a ratio of nothing, or of a single conversation, is none', async (t) => {
  t.equal(ratioOf([]), null)
  t.equal(ratioOf([[1, 0]]), null)
  t.equal(ratioOf([[1, 5]]), null)
  t.equal(ratioOf([[1, 5], [0, 0]]), null) // prettier-ignore
  t.match(ratioOf([[1, 5], [3, 5]]), { value: 0.4 }) // prettier-ignore
})

t.test('the running gateway keeps seven days, and what is not measured not at all', async (t) => {
  const week = new LastWeek()
  const DAY = 86_400_000
  const now = Date.UTC(2026, 0, 20, 12)
  const trials = [{ feature: 'routing' as const, control: false, share: 0.1 }]
  week.onCompleted(finished({ endedAt: now }))
  t.strictSame(week.savings(now), [])
  for (const days of [0, 1, 6, 7, 30]) week.onCompleted(finished({ id: `${days}`, trials, endedAt: now - days * DAY }))
  const counted = (at: number): number | undefined => week.savings(at)[0]?.rest.requests
  t.equal(counted(now), 3)
  t.equal(counted(now + DAY), 2)
  t.equal(counted(now + 7 * DAY), undefined)
})
