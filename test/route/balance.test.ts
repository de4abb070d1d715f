/** How replicas share the work, in simulated time: the shipped decision and the shipped learning before engines with slots. */
import t from 'tap'
import { NO_PRICE } from '../../src/core/settings.ts'
import { seeded } from '../support/random.ts'
import { type EngineTraits, type Load, median, NOISES, type Seen, Simulation } from '../support/simulation.ts'

t.setTimeout(120_000)

const REQUESTS = 160
const PRICES = { unpriced: null, 'by the hour': { ...NO_PRICE, perGpuHour: 1.2 } }

interface Case {
  readonly name: string
  readonly load: Load
  readonly traits: Partial<EngineTraits>
}

/** By name of the model, price and how requests come. */
const CASES: readonly Case[] = ['tiny', 'auto'].flatMap((model) =>
  Object.entries(PRICES).flatMap(([priced, price]) =>
    [true, false].flatMap((local) =>
      [8, 16, 24].flatMap((parallel) =>
        [true, false].flatMap((waves) =>
          [true, false].map((stream) => ({
            name: [
              model,
              priced,
              local ? 'own' : 'cloud',
              parallel,
              waves ? 'waves' : 'closed',
              stream ? 'streams' : 'whole',
            ].join(' '),
            load: {
              parallel,
              requests: REQUESTS,
              model,
              waves,
              stream,
              tokens: (n: number): number => 10 + ((n * 7) % 20),
            },
            traits: { local, facts: price === null ? {} : { price } },
          })),
        ),
      ),
    ),
  ),
)

/** Cold, then warm. */
function rounds(engines: readonly EngineTraits[], load: Load, seed: number): Record<'cold' | 'warm', Seen> {
  const simulation = new Simulation(engines, seeded(seed))
  return { cold: simulation.run(load), warm: simulation.run(load) }
}

const shareOf = ({ shares }: Seen, name: string): number => shares[name]! / REQUESTS

t.test('two equal engines get equal shares, and no request waits where the other is free', async (t) => {
  for (const { name, load, traits } of CASES)
    for (const [when, seen] of Object.entries(
      rounds(
        [
          { ...traits, name: 'a', slots: 8 },
          { ...traits, name: 'b', slots: 8 },
        ],
        load,
        7,
      ),
    )) {
      const share = shareOf(seen, 'a')
      t.ok(share >= 0.45 && share <= 0.55, `${name}, ${when}: ${share}`)
      t.ok(seen.idled <= 0.06 * REQUESTS, `${name}, ${when}: ${seen.idled} waited in vain`)
      if (load.parallel <= 16) t.ok(median(seen.ttfts) < 40, `${name}, ${when}: ${median(seen.ttfts)} ms`)
    }
})

t.test('whatever their names and their order', async (t) => {
  for (const names of [
    ['b', 'a'],
    ['z', 'm', 'a'],
    ['a', 'b', 'c', 'd'],
  ]) {
    const engines = names.map((name) => ({ name, slots: 8 }))
    const { warm } = rounds(engines, { parallel: 8 * names.length, requests: REQUESTS }, 3)
    for (const name of names)
      t.ok(Math.abs(shareOf(warm, name) * names.length - 1) < 0.12, `${name}: ${shareOf(warm, name)}`)
  }
})

t.test(
  'one with half the slots gets about half as much, and hardly a stream waits where the other is free',
  async (t) => {
    for (const { name, load, traits } of CASES.filter(({ load }) => load.stream === true && load.parallel > 8))
      for (const small of ['a', 'b']) {
        const engines = ['a', 'b'].map((one) => ({ ...traits, name: one, slots: one === small ? 4 : 8 }))
        for (const [when, seen] of Object.entries(rounds(engines, load, 7))) {
          const share = shareOf(seen, small)
          t.ok(share >= 0.28 && share <= 0.4, `${name}, ${small} is small, ${when}: ${share}`)
          t.ok(seen.idled <= 0.1 * REQUESTS, `${name}, ${small} is small, ${when}: ${seen.idled} waited in vain`)
        }
      }
  },
)

t.test('where together they have as many slots as there are streams, it learns to use them all', async (t) => {
  for (const model of ['tiny', 'auto'])
    for (const small of ['a', 'b']) {
      const engines = ['a', 'b'].map((name) => ({ name, slots: name === small ? 4 : 8 }))
      const { warm } = rounds(engines, { parallel: 12, requests: REQUESTS, model }, 5)
      t.ok(warm.idled <= 0.06 * REQUESTS, `${model}, ${small} is small: ${warm.idled} waited in vain`)
      t.ok(median(warm.ttfts) < 40)
    }
})

t.test('one that is really slower gets less, by as much as it is slower', async (t) => {
  for (const model of ['tiny', 'auto']) {
    const engines = [
      { name: 'quick', slots: 64 },
      { name: 'slow', slots: 64, ttftMs: 90, tokenMs: 30 },
    ]
    const { warm } = rounds(engines, { parallel: 16, requests: 2 * REQUESTS, model }, 9)
    const share = shareOf(warm, 'slow') / 2
    t.ok(share > 0.1 && share < 0.34, `${model}: ${share}`)
  }
})

t.test('one that becomes quick again gets its share again', async (t) => {
  const simulation = new Simulation(
    [
      { name: 'a', slots: 64 },
      { name: 'b', slots: 64, tokenMs: 40 },
    ],
    seeded(4),
  )
  const load = { parallel: 16, requests: REQUESTS }
  simulation.run(load)
  const slow = simulation.run(load)
  t.ok(shareOf(slow, 'b') < 0.3, `slow: ${shareOf(slow, 'b')}`)
  simulation.engines[1]!.tokenMs = 10
  simulation.run(load)
  const again = simulation.run(load)
  t.ok(shareOf(again, 'b') > 0.42, `quick: ${shareOf(again, 'b')}`)
})

t.test('a new replica gets its share at once, and no more than that', async (t) => {
  for (const model of ['tiny', 'auto']) {
    const simulation = new Simulation(
      [
        { name: 'a', slots: 8 },
        { name: 'b', slots: 8 },
      ],
      seeded(11),
    )
    const load = { parallel: 16, requests: REQUESTS, model }
    simulation.run(load)
    simulation.add({ name: 'c', slots: 8 })
    const seen = simulation.run(load)
    t.ok(Math.abs(shareOf(seen, 'c') - 1 / 3) < 0.06, `${model}: ${shareOf(seen, 'c')}`)
    const one = simulation.run({ ...load, parallel: 1 })
    t.ok(Math.abs(shareOf(one, 'c') - 1 / 3) < 0.06, `${model}, one at a time: ${shareOf(one, 'c')}`)
  }
})

t.test('weights shift the shares, at any load', async (t) => {
  for (const strategy of ['balanced', 'fast', 'cheap', 'weighted', 'least_busy'] as const)
    for (const parallel of [1, 4, 16]) {
      const engines = [
        { name: 'a', slots: 64, weight: 1 },
        { name: 'b', slots: 64, weight: 3 },
      ]
      const { warm } = rounds(engines, { parallel, requests: REQUESTS, strategy, model: 'auto' }, 2)
      const share = shareOf(warm, 'b')
      t.ok(Math.abs(share - 0.75) < 0.06, `${strategy}, ${parallel} at a time: ${share}`)
    }
})

t.test('conversations stay where their cache is, and still spread', async (t) => {
  const simulation = new Simulation(
    [
      { name: 'a', slots: 8 },
      { name: 'b', slots: 8 },
    ],
    seeded(6),
  )
  const load = { parallel: 12, requests: 2 * REQUESTS, session: (n: number): string => `s${n % 24}` }
  simulation.run(load)
  const seen = simulation.run(load)
  t.ok(seen.moved <= 0.15 * load.requests, `${seen.moved} of ${load.requests} went elsewhere`)
  const share = shareOf(seen, 'a') / 2
  t.ok(share > 0.4 && share < 0.6, `${share}`)
  const one = simulation.run({ parallel: 16, requests: REQUESTS, session: () => 'all of them in one session' })
  t.ok(shareOf(one, 'a') > 0.3 && shareOf(one, 'a') < 0.7, `one session: ${shareOf(one, 'a')}`)
  t.ok(median(one.ttfts) < 40, `${median(one.ttfts)} ms`)
})

/** The least and the greatest share of an engine in so many requests in a row. */
function extremes({ engines }: Seen, name: string, window: number): [number, number] {
  let own = 0
  let [least, most] = [1, 0]
  engines.forEach((engine, at) => {
    if (engine === name) own++
    if (engines[at - window] === name) own--
    if (at < window - 1) return
    least = Math.min(least, own / window)
    most = Math.max(most, own / window)
  })
  return [least, most]
}

/** Of the n-th seed: every kind of noise, load and form in turn. */
const noisy = (seed: number, parallels: readonly number[]): Load => ({
  noise: NOISES[seed % NOISES.length]!,
  parallel: parallels[(seed >> 2) % parallels.length]!,
  waves: seed % 3 === 0,
  model: seed % 5 < 2 ? 'tiny' : 'auto',
  requests: 400,
  tokens: (n) => 10 + ((n * 7) % 20),
})

t.test('on a noisy machine too, equal engines get equal shares of any 200 requests', async (t) => {
  for (let seed = 0; seed < 200; seed++) {
    const slots = [8, 8, 4, 16][(seed >> 4) % 4]!
    const engines = ['a', 'b'].map((name) => ({ name, slots }))
    const load = noisy(seed, [slots, 2 * slots, 3 * slots])
    const [least, most] = extremes(new Simulation(engines, seeded(seed)).run(load), 'a', 200)
    t.ok(least >= 0.45 && most <= 0.55, `seed ${seed}, ${slots} slots, ${load.parallel} at a time: ${least} to ${most}`)
  }
})

t.test('and one with half the slots gets about half as much', async (t) => {
  for (let seed = 0; seed < 100; seed++) {
    const small = seed % 2 === 0 ? 'a' : 'b'
    const engines = ['a', 'b'].map((name) => ({ name, slots: name === small ? 4 : 8 }))
    const load = noisy(seed, [16, 24])
    const share = new Simulation(engines, seeded(seed)).run(load).shares[small]! / load.requests
    t.ok(share >= 0.28 && share <= 0.42, `seed ${seed}, ${load.parallel} at a time: ${share}`)
  }
})
