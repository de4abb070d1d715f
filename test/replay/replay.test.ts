import { stringify } from 'yaml'
import t from 'tap'
import { loadProviders } from '../../src/config/providers.ts'
import { parseConfig } from '../../src/config/load.ts'
import { readLine } from '../../src/replay/lines.ts'
import { type ReplayPolicy, policyOf } from '../../src/replay/policy.ts'
import { Replay } from '../../src/replay/replay.ts'
import type { Report } from '../../src/replay/report-shape.ts'
import { reportOf } from '../../src/replay/report.ts'
import { routeMatch, routeSpec } from '../support/factories.ts'
import { pick, seeded } from '../support/random.ts'
import { type Candidate, configuration, line } from './samples.ts'

const PROVIDERS = await loadProviders()
const policy = (config: object = {}): ReplayPolicy =>
  policyOf(parseConfig(stringify(configuration(config)), {}, PROVIDERS).config)

/** A policy with one route for everything. */
const byRoute = (route: object): ReplayPolicy => policy({ routes: [{ name: 'default', candidates: ['*'], ...route }] })

const BEST = byRoute({ strategy: 'best' })
const CHEAP = byRoute({ strategy: 'cheap' })

function replayed(lines: readonly string[], a: ReplayPolicy, b: ReplayPolicy): Report {
  const replay = new Replay(a, b)
  for (const text of lines) {
    const logged = readLine(text)
    if (typeof logged === 'string') replay.skip(logged)
    else replay.add(logged)
  }
  return reportOf(replay)
}

const DEAR: Candidate = { id: 'x/dear', cost: 0.01, success: 0.9, total: 2000 }
const PLAIN: Candidate = { id: 'y/plain', cost: 0.001, success: 0.7, total: 1000 }
const BOTH = [DEAR, PLAIN]

/** Where a policy sends a request. */
const moveOf = (text: string, b: ReplayPolicy, a: ReplayPolicy = BEST): string => {
  const { moves, requests } = replayed([text], a, b)
  return requests === 0 ? 'left out' : (moves.pairs[0]?.to ?? 'stays')
}

t.test('by hand: expectations, and the doubly robust correction', async (t) => {
  const lines = [
    line({ id: '1', candidates: BOTH, outcome: { cost_usd: 0.012, total_ms: 2600 } }),
    line({
      id: '2',
      candidates: BOTH,
      chosen: 1,
      propensity: 0.25,
      outcome: { cost_usd: 0.002, success: false, total_ms: 900 },
    }),
  ]
  const report = replayed(lines, BEST, CHEAP)
  t.match(report.measures.cost_usd, {
    requests: 2,
    happened: { requests: 2, mean: 0.007 },
    expected: { a: 0.01, b: 0.001, difference: { value: -0.009, low: -0.009, high: -0.009 } },
    // A: (0.012 + 0.01) / 2; B: (0.001 + (0.001 + 4 * (0.002 - 0.001))) / 2
    corrected: { a: 0.011, b: 0.003, difference: { value: -0.008, low: -0.011, high: -0.005 } },
  })
  // A: (1 + 0.9) / 2; B: (0.7 + (0.7 + 4 * (0 - 0.7))) / 2
  t.match(report.measures.success, { happened: { mean: 0.5 }, corrected: { a: 0.95, b: -0.7 } })
  // A: (2600 + 2000) / 2; B: (1000 + (1000 + 4 * (900 - 1000))) / 2
  t.match(report.measures.total_ms.corrected, { a: 2300, b: 800 })
  t.match(report.median_total_ms, { happened: 900, a: 2000, b: 1000 })
  t.match(report, {
    agreement: { a: 1, b: 1 },
    moves: { requests: 2, pairs: [{ from: 'x/dear', to: 'y/plain', requests: 2 }] },
    evidence: {
      drawn: 1,
      all: { requests: 2, agrees: 1, effective_sample_size: 1 },
      moved: { requests: 2, agrees: 1, effective_sample_size: 1 },
    },
  })
  t.match(report.warnings.join('\n'), /little evidence for B: of 2 requests that would move, 1 went/)
})

t.test('a rare request does not count for more than 50', async (t) => {
  const text = line({ candidates: BOTH, chosen: 1, propensity: 0.001, outcome: { cost_usd: 0.002 } })
  t.match(replayed([text], BEST, CHEAP).measures.cost_usd.corrected, { b: 0.051 })
})

t.test('the effective sample size is that of uneven weights', async (t) => {
  const lines = [1, 0.25].map((propensity, id) => line({ id: `${id}`, candidates: BOTH, chosen: 1, propensity }))
  // (1 + 4)² / (1 + 16)
  t.equal(replayed(lines, BEST, CHEAP).evidence.all.effective_sample_size, 1.47059)
})

/** Requests by chance, half of them chosen otherwise than the policies would. */
function traffic(number: number, seed: number): string[] {
  const random = seeded(seed)
  return Array.from({ length: number }, (_, index) => {
    const candidates = BOTH.map((one) => ({
      ...one,
      success: random(),
      cost: random() < 0.1 ? null : random() / 50,
      total: 300 + Math.floor(5000 * random()),
    }))
    const outcome = {
      cost_usd: random() < 0.1 ? null : random() / 50,
      success: random() < 0.7,
      total_ms: 3000 * random(),
    }
    const propensity = pick(random, [1, 0.98, 0.02])
    return line({ id: `req-${index}`, candidates, chosen: Math.floor(2 * random()), propensity, outcome })
  })
}

t.test('a policy against itself differs by nothing', async (t) => {
  for (const same of [BEST, CHEAP, byRoute({ strategy: 'ordered' }), policy()]) {
    const report = replayed(traffic(300, 7), same, same)
    t.equal(report.moves.requests, 0)
    for (const { expected, corrected, requests } of Object.values(report.measures)) {
      t.ok(requests > 100)
      for (const { a, b, difference } of [expected, corrected]) {
        t.equal(a, b)
        t.strictSame(difference, { value: 0, low: 0, high: 0 })
      }
    }
  }
})

t.test('the order of the lines does not matter', async (t) => {
  const lines = traffic(400, 3)
  const random = seeded(5)
  const shuffled = lines
    .map((text) => ({ text, lot: random() }))
    .sort((one, other) => one.lot - other.lot)
    .map(({ text }) => text)
  t.not(shuffled[0], lines[0])
  t.strictSame(replayed(shuffled, BEST, CHEAP), replayed(lines, BEST, CHEAP))
})

t.test('intervals hold the difference, and more requests make them narrower', async (t) => {
  const width = (number: number): number => {
    const { difference } = replayed(traffic(number, 11), BEST, CHEAP).measures.cost_usd.expected
    const { value, low, high } = difference as { value: number; low: number; high: number }
    t.ok(low < value && value < high, `${low} < ${value} < ${high}`)
    return high - low
  }
  const [few, many] = [width(200), width(3200)]
  t.ok(few / many > 2.5 && few / many < 6, `${few / many}: about 4`)
  // Beyond what is kept for them the intervals go on getting narrower.
  const most = width(20_000)
  t.ok(many / most > 1.7 && many / most < 3.5, `${many / most}: about 2.5`)
})

t.test('what is unknown stays unknown', async (t) => {
  const lines = [
    line({ id: '1', candidates: [DEAR, { ...PLAIN, cost: null, success: 0.89 }] }),
    line({ id: '2', candidates: BOTH, outcome: { cost_usd: null } }),
  ]
  const report = replayed(lines, BEST, byRoute({ candidates: ['y/*'] }))
  t.match(report.measures.cost_usd, {
    requests: 1,
    happened: { requests: 0, mean: null },
    expected: { a: 0.01, b: 0.001 },
  })
  t.match(report.measures.success, { requests: 2, happened: { requests: 2 } })
  t.match(report.measures.cost_usd.expected.difference, { value: -0.009, low: null, high: null })
})

t.test('who left or erred says nothing, and whole answers have no TTFT', async (t) => {
  const error = { code: 'client_closed', source: 'caller', message: '' }
  const lines = [
    line({ id: '1', candidates: BOTH, outcome: { success: false }, line: { error } }),
    line({ id: '2', candidates: BOTH, outcome: { success: false, ttft_ms: null }, line: { stream: false } }),
  ]
  const { measures } = replayed(lines, BEST, CHEAP)
  t.match(measures.success, { requests: 2, happened: { requests: 1, mean: 0 } })
  t.match(measures.ttft_ms, { requests: 1, happened: { requests: 0 } })
})

t.test('routes: name, key, class, needs, tokens, hour', async (t) => {
  const against = (match: object, model = 'auto'): string =>
    moveOf(
      line({
        candidates: BOTH,
        profile: { class: 'code', needs: ['tools'], input_tokens: 500 },
        line: { caller: 'team', model },
      }),
      policy({
        keys: [{ id: 'team', hash: `sha256:${'a'.repeat(64)}` }],
        routes: [
          { name: 'cut', match, candidates: ['y/*'] },
          { name: 'default', candidates: ['x/*'] },
        ],
      }),
      policy({ routes: [{ name: 'm', candidates: ['x/*'], match: { model: ['*'] } }] }),
    )
  for (const match of [{ model: ['au*'] }, { key: ['team'] }, { needs: ['tools'] }, { tokens: { min: 400 } }])
    t.equal(against(match), 'y/plain', JSON.stringify(match))
  t.equal(against({ hour: { from: 11, to: 13 } }), 'y/plain')
  t.equal(against({ hour: { from: 13, to: 11 } }), 'stays')
  for (const match of [{ model: ['gpt-*'] }, { needs: ['tools', 'vision'] }, { tokens: { max: 400 } }])
    t.equal(against(match), 'stays', JSON.stringify(match))
  t.equal(against({ model: ['gpt-*'] }, 'gpt-5'), 'y/plain')
  t.equal(against({ key: ['team'] }, 'gpt-5'), 'left out', 'a route without a condition on names is for auto')
})

t.test('a class, and the cheapest within a distance of the best', async (t) => {
  const { config } = parseConfig(stringify(configuration()), {}, PROVIDERS)
  const within = (cheapestWithin: number): ReplayPolicy =>
    policyOf({
      ...config,
      routes: [
        routeSpec('code', { match: routeMatch({ class: ['code'] }), strategy: { cheapestWithin } }),
        routeSpec('default', { strategy: 'best' }),
      ],
    })
  const code = line({ candidates: BOTH, profile: { class: 'code' } })
  t.equal(moveOf(code, within(0.25)), 'y/plain')
  t.equal(moveOf(code, within(0.15)), 'stays')
  t.equal(moveOf(line({ candidates: BOTH }), within(0.25)), 'stays')
})

t.test('names: a model, a backend with its model, a strategy, an alias, none', async (t) => {
  const against = (model: string, config: object = {}): string =>
    moveOf(
      line({ candidates: BOTH, line: { model } }),
      policy(config),
      policy({ routes: [{ name: 'm', candidates: ['x/*'], match: { model: ['*'] } }] }),
    )
  t.equal(against('plain'), 'y/plain')
  t.equal(against('auto:cheap'), 'y/plain')
  t.equal(against('auto:best'), 'stays')
  t.equal(against('other', { models: { plain: { aliases: ['other'] } } }), 'y/plain')
  t.equal(against('fast', { routes: [{ name: 'fast', candidates: ['y/*'] }] }), 'y/plain')
  t.equal(against('other'), 'left out')
  t.match(replayed([line({ candidates: BOTH, line: { model: 'other' } })], BEST, policy()).unjudged, {
    a_unknown_model: 1,
  })
})

t.test('ceilings, keys and local_only', async (t) => {
  const text = line({ candidates: BOTH, line: { caller: 'team' } })
  t.equal(moveOf(text, byRoute({ strategy: 'best', limits: { max_cost_usd: 0.005 } })), 'y/plain')
  t.equal(moveOf(text, byRoute({ strategy: 'best', limits: { max_cost_usd: 0.0005 } })), 'stays', 'it gives way')
  const keys = [{ id: 'team', hash: `sha256:${'a'.repeat(64)}`, routes: ['mine'] }]
  t.equal(moveOf(text, policy({ keys, routes: [{ name: 'mine', candidates: ['y/*'] }] })), 'y/plain')
  const { unjudged } = replayed([text], BEST, byRoute({ limits: { local_only: true } }))
  t.match(unjudged, { b_refused: 1 })
  const slow = line({ candidates: [{ ...DEAR, ttft: 3000 }, PLAIN] })
  t.equal(moveOf(slow, byRoute({ strategy: 'best', limits: { max_ttft: '1s' } })), 'y/plain')
  const ceiling = line({ candidates: [DEAR, { ...PLAIN, dropped: 'cost' }] })
  t.equal(moveOf(ceiling, CHEAP), 'y/plain', 'a ceiling of that day does not bind another policy')
  const unable = line({ candidates: [DEAR, { ...PLAIN, dropped: 'capability', total: null }] })
  t.equal(moveOf(unable, CHEAP), 'stays')
})

t.test('among equals load decides, so what was chosen is what would be', async (t) => {
  const twins = [DEAR, { ...DEAR, id: 'y/plain' }]
  const report = replayed(
    [0, 1].map((chosen) => line({ id: `${chosen}`, candidates: twins, chosen })),
    BEST,
    CHEAP,
  )
  t.match(report, { agreement: { a: 2, b: 2 }, moves: { requests: 0 } })
})

t.test('models that the record does not hold', async (t) => {
  const only = line({ candidates: [DEAR] })
  const some = replayed([only], byRoute({ candidates: ['x/*'] }), BEST)
  t.match(some, { requests: 1, incomplete: { a: 0, b: 1 } })
  t.match(some.warnings.join('\n'), /B allows models that the records of 1 request do not contain/)
  t.match(replayed([only], BEST, byRoute({ candidates: ['y/*'] })), { requests: 0, unjudged: { b_not_recorded: 1 } })
  const hidden = line({ candidates: [DEAR, { ...PLAIN, dropped: 'policy', total: null }] })
  t.match(replayed([hidden], BEST, byRoute({ candidates: ['y/*'] })), { unjudged: { b_not_recorded: 1 } })
})

t.test('efforts are candidates where the gateway scores; else the model is asked as it is', async (t) => {
  const efforts = ['low', 'high'].map((effort) => ({ ...DEAR, effort, cost: effort === 'low' ? 0.0001 : 0.02 }))
  const text = line({ candidates: [...efforts, PLAIN], chosen: 1 })
  const frugal = byRoute({ candidates: ['x/*'], strategy: 'cheap' })
  t.match(replayed([text], byRoute({ candidates: ['y/*'] }), frugal).moves.pairs, [{ to: 'x/dear (effort low)' }])
  const ordered = replayed([text], CHEAP, byRoute({ candidates: ['x/*', 'y/*'], strategy: 'ordered' }))
  t.match(ordered, { incomplete: { b: 1 }, moves: { pairs: [{ from: 'x/dear (effort low)', to: 'y/plain' }] } })
})

t.test('a condition on headers holds for nobody, and that is said', async (t) => {
  const b = policy({
    routes: [
      { name: 'special', match: { header: { 'x-team': 'a' } }, candidates: ['y/*'] },
      { name: 'default', candidates: ['*'], strategy: 'best' },
    ],
  })
  const report = replayed([line({ candidates: BOTH })], BEST, b)
  t.match(report, { moves: { requests: 0 }, header_routes: { a: 0, b: 1 } })
  t.match(report.warnings.join('\n'), /passed over for 1 request: the log has no headers/)
})

t.test('a request without its decision is counted, and what to set is said', async (t) => {
  const chosen = { backend: 'x', model: 'dear', utility: 0 }
  const brief = JSON.stringify({ level: 30, time: 1, msg: 'request', request_id: 'a', chosen, outcome: {} })
  const none = replayed([brief, brief], BEST, CHEAP)
  t.match(none, { requests: 0, skipped: { brief: 2, undecided: 0 } })
  t.match(none.warnings, [/^The lines of this log hold no decisions: set `server.log_decisions: always`/])
  const some = replayed([brief, line({ candidates: BOTH })], BEST, CHEAP)
  t.match(some, { requests: 1, skipped: { brief: 1 } })
  t.match(some.warnings.join('\n'), /1 request of this log .* is no fair sample.*`server.log_decisions: always`/)
  t.notMatch(replayed([line({ candidates: BOTH })], BEST, CHEAP).warnings.join('\n'), 'log_decisions')
})

t.test('other lines are counted and skipped', async (t) => {
  const lines = [
    '{"level":30,"time":1,"msg":"listening"}',
    '{"level":30,"time":1,"msg":"request","decision":',
    'not JSON',
    '{"level":30,"time":1,"msg":"request"}',
    '{"level":30,"time":1,"msg":"other","what":"request"}',
    line({ candidates: BOTH, chosen: 9 }),
    line({ candidates: BOTH, propensity: 0 }),
    'null',
    '[]',
  ]
  t.match(replayed(lines, BEST, CHEAP), { requests: 0, skipped: { other_lines: 4, unreadable: 2, undecided: 3 } })
})
