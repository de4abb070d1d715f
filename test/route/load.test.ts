/** What more load does to a decision, whatever was learnt: it never gains the loaded one anything, and the order of the list never does either. */
import t from 'tap'
import { loadOf } from '../../src/core/load.ts'
import { NO_PRICE } from '../../src/core/settings.ts'
import { type Scoring, STRATEGY_NAMES } from '../../src/core/strategies.ts'
import { mostCost } from '../../src/core/decision-rows.ts'
import type { Deployment } from '../../src/core/types.ts'
import { newLatency } from '../../src/decision/learn/latency.ts'
import { COLUMN, COLUMNS } from '../../src/core/terms.ts'
import { predict } from '../../src/decision/route/predict.ts'
import { backend, classify, gatewayRequest, live, provider } from '../support/factories.ts'
import { anyNature, anyWeights, like, planOf, plans, type Situation } from '../support/fields.ts'
import { pick, seeded } from '../support/random.ts'

const whole = (random: () => number, most: number): number => Math.floor(random() * (most + 1))

/** Anything that may have been learnt of times and room. */
function anyLatency(random: () => number): Deployment['latency'] {
  const latency = newLatency(random() < 0.5)
  latency.ttft.weights.set([random(), random(), random() < 0.5 ? 0 : random()])
  latency.tpot.weights.set([0.05 * random(), random() < 0.5 ? 0 : 0.01 * random()])
  latency.ttft.count = latency.tpot.count = 5
  const room = { size: 12 * random(), waits: whole(random, 8), stay: 3 * random() }
  Object.assign(latency.room, room)
  latency.kept = random()
  latency.lag = random() < 0.3 ? 0 : random()
  latency.pace = random() < 0.3 ? 0 : 0.1 * random()
  return latency
}

/** Candidates of few models, so that many are replicas of each other; prices of tokens, of hours, and none. */
function anyField(random: () => number, size: number): Deployment[] {
  const natures = new Map<string, ReturnType<typeof anyNature>>()
  return Array.from({ length: size }, (_, at) => {
    const model = pick(random, ['m', 'm', 'n', 'o'])
    const nature = natures.get(model) ?? anyNature(random)
    natures.set(model, nature)
    const prices = {
      m: { ...NO_PRICE, perGpuHour: 1.2 },
      n: null,
      o: { ...NO_PRICE, inputPerMtok: 1, outputPerMtok: 4 },
    }
    const thinks = model === 'n' ? { efforts: ['none', 'high'] as const } : {}
    return like(`b${at}/${model}`, nature, {
      backend: backend({
        name: `b${at}`,
        provider: provider({ local: model !== 'o' }),
        weight: pick(random, [0.5, 1, 1, 1, 3]),
      }),
      facts: { quality: { default: nature.quality }, price: prices[model as keyof typeof prices], ...thinks },
      live: live({ load: loadOf(whole(random, 20)), state: random() < 0.1 ? 'down' : 'ready' }),
      health: { calls: whole(random, 9), ejectedUntil: random() < 0.1 ? 10 : 0 },
      learnt: { latency: anyLatency(random) },
    })
  })
}

const SCORINGS = (random: () => number): Scoring =>
  random() < 0.7
    ? pick(random, STRATEGY_NAMES)
    : random() < 0.5
      ? anyWeights(random)
      : { cheapestWithin: 0.2 * random() }

function anySituation(random: () => number, all: readonly Deployment[]): Situation {
  const last = pick(random, all)
  return {
    strategy: SCORINGS(random),
    fields: { stream: random() < 0.5 },
    traits: random() < 0.5 ? { session: `s${whole(random, 5)}` } : {},
    route: random() < 0.3 ? { maxTtftMs: 4000 * random(), maxCostUsd: 0.01 * random() } : {},
    moment: { recall: () => ({ deployment: last.id, model: last.model, at: 0 }) },
  }
}

/** Somebody is left by every strategy. */
const serves = (all: readonly Deployment[]): boolean => all.some(({ model }) => model !== 'o')

/** Calls of ours, or of others. */
const loaded = (one: Deployment, more: number, ours = true): void => {
  const load = one.live.load as { open: number; foreign: number | null }
  if (ours) load.open += more
  else load.foreign = (load.foreign ?? 0) + more
}

t.test('more load on one, ours or that of others, never brings it further to the front, by any strategy', async (t) => {
  const random = seeded(51)
  let moved = 0
  for (let round = 0; round < 3000; round++) {
    const all = anyField(random, 2 + whole(random, 5))
    if (!serves(all)) continue
    const situation = anySituation(random, all)
    const place = (one: Deployment): number => {
      const at = planOf(all, situation).order.findIndex(({ deployment }) => deployment === one)
      return at < 0 ? Infinity : at
    }
    const one = pick(random, all)
    let before = place(one)
    for (const more of [1, 1, 2, 8, 40]) {
      loaded(one, more, round % 2 === 0)
      const now = place(one)
      if (now > before) moved++
      if (now < before)
        t.fail(
          `round ${round}: ${one.id} from ${before} to ${now} by ${more} more, ${JSON.stringify(situation.strategy)}`,
        )
      before = now
    }
  }
  t.ok(moved > 500, `it fell behind ${moved} times`)
})

t.test('what is compared, and what a ceiling is held against, never falls with load', async (t) => {
  const random = seeded(52)
  const profile = classify(
    gatewayRequest({ model: 'auto', messages: [{ role: 'user', content: 'word '.repeat(300) }] }),
  )
  for (let round = 0; round < 500; round++) {
    const [one] = anyField(random, 1)
    const rows = new Float64Array(COLUMNS)
    let before: number[] = []
    for (let open = 0; open < 40; open++) {
      ;(one!.live.load as { open: number }).open = open
      predict(
        rows,
        { targets: one!.targets, live: [0], held: [0], rota: null, seats: [0], load: null, now: 0 },
        profile,
      )
      const now = [
        rows[COLUMN.compared]!,
        rows[COLUMN.ttft]!,
        rows[COLUMN.total]!,
        rows[COLUMN.work]!,
        mostCost(rows[COLUMN.cost]!, rows[COLUMN.compared]!),
      ]
      for (const [index, value] of now.entries())
        if (value < (before[index] ?? -Infinity)) t.fail(`${open} open: ${before.join()} to ${now.join()}`)
      before = now
    }
  }
})

t.test('the order of the list changes nothing', async (t) => {
  const random = seeded(53)
  for (let round = 0; round < 1500; round++) {
    const all = anyField(random, 2 + whole(random, 5))
    const situation = anySituation(random, all)
    if (situation.strategy === 'ordered' || !serves(all)) continue
    const ids = (list: readonly Deployment[]): string[] =>
      planOf(list, situation).order.map(({ deployment }) => deployment.id)
    const shuffled = all
      .map((one) => [random(), one] as const)
      .sort(([a], [b]) => a - b)
      .map(([, one]) => one)
    const [one, other] = [ids(shuffled), ids(all)]
    if (one.join() !== other.join()) t.fail(`${JSON.stringify(situation)}: ${other.join()} became ${one.join()}`)
  }
})

t.test('of equals each is as often the first, whatever the strategy', async (t) => {
  for (const strategy of STRATEGY_NAMES.filter((one) => one !== 'ordered' && one !== 'hash')) {
    const all = ['c', 'a', 'b'].map((name) => like(`${name}/m`))
    const first = new Map<string, number>()
    for (const { order } of plans(all, { strategy }, 30)) {
      const { id } = order[0]!.deployment
      first.set(id, (first.get(id) ?? 0) + 1)
    }
    t.strictSame([...first.values()], [10, 10, 10], strategy)
  }
})

t.test('hash: a candidate more takes only its own share, one less leaves the others where they were', async (t) => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const all = names.map((name) => like(`${name}/m`))
  const placeOf = (list: readonly Deployment[], n: number): string =>
    planOf(list, { strategy: 'hash', traits: { session: `session-${n}` } }).order[0]!.deployment.id
  const counts = new Map<string, number>()
  let moved = 0
  for (let n = 0; n < 2000; n++) {
    const five = placeOf(all, n)
    const four = placeOf(all.slice(0, 4), n)
    counts.set(five, (counts.get(five) ?? 0) + 1)
    if (five === four) continue
    moved++
    t.equal(five, 'e/m', 'only to the new one')
  }
  t.ok(Math.abs(moved / 2000 - 0.2) < 0.04, `${moved}`)
  for (const name of names)
    t.ok(Math.abs(counts.get(`${name}/m`)! / 2000 - 0.2) < 0.04, `${name}: ${counts.get(`${name}/m`)}`)
})

t.test('hash: by weight, the sick behind, and the least busy for what belongs to no session', async (t) => {
  const weights = [1, 3]
  const all = weights.map((weight, at) =>
    like(`${'ab'[at]}/m`, {}, { backend: backend({ name: 'ab'[at]!, weight, provider: provider({ local: true }) }) }),
  )
  const first = (n: number): string =>
    planOf(all, { strategy: 'hash', traits: { session: `session-${n}` } }).order[0]!.deployment.id
  const heavy = Array.from({ length: 2000 }, (_, n) => first(n)).filter((id) => id === 'b/m').length
  t.ok(Math.abs(heavy / 2000 - 0.75) < 0.04, `${heavy}`)
  const sick = like('b/m', {}, { live: live({ state: 'down' }) })
  for (let n = 0; n < 50; n++)
    t.equal(
      planOf([like('a/m'), sick], { strategy: 'hash', traits: { session: `${n}` } }).order[0]!.deployment.id,
      'a/m',
    )
})

t.test('weight 0: dropped with a reason, by its own name and as fallback too', async (t) => {
  const drained = like('a/m', {}, { backend: backend({ name: 'a', weight: 0 }) })
  for (const strategy of STRATEGY_NAMES) {
    const { order, record } = planOf([drained, like('b/m')], { strategy })
    t.strictSame(
      order.map(({ deployment }) => deployment.id),
      ['b/m'],
      strategy,
    )
    t.match(record.candidates[0]!.dropped, { filter: 'weight', why: /drained/ })
  }
  t.strictSame(
    planOf([drained, like('b/n')], { route: { candidates: ['b/*'], fallback: ['a/*'] } }).order.map(
      ({ deployment }) => deployment.id,
    ),
    ['b/n'],
  )
  t.match(planOf([drained], { fields: { model: 'a/m' } }).refusal, { code: 'no_backend', status: 503 })
})
