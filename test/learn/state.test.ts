import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { deepStrictEqual } from 'node:assert'
import t from 'tap'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { usualLength } from '../../src/decision/learn/length.ts'
import { restoreState, type State, stateSchema, toState } from '../../src/decision/learn/state.ts'
import { trimOf } from '../../src/decision/learn/tails.ts'
import { doubtOf, learnQuality, learnValidity, successOf } from '../../src/decision/learn/success.ts'
import type { TextFeatures } from '../../src/core/arm.ts'
import { classify, deployment, facts, gatewayRequest, WEIGHTS } from '../support/factories.ts'
import { pick, seeded } from '../support/random.ts'
import { lesson, profile } from '../support/features.ts'

const TEXTS = [
  'Write a Python function that reverses a linked list.',
  'What is 17 times 23, minus 9?',
  'Tell me a story about a lighthouse.',
  'Translate "good morning" into Dutch.',
  'Is the following review positive or negative? I liked it.',
]
const SENSES: readonly TextFeatures[] = TEXTS.map(
  (content) => classify(gatewayRequest({ model: 'auto', messages: [{ role: 'user', content }] })).features!,
)
const MODELS = ['alpha', 'beta'] as const
const KNOWN = facts({ efforts: ['none', 'high'], quality: { default: 0.65 } })

/** A book after some hundred answers. */
function learned(): ModelStats {
  const random = seeded(21)
  const lessons = new ModelStats(WEIGHTS)
  for (let i = 0; i < 400; i++) {
    const model = pick(random, MODELS)
    const about = pick(random, SENSES)
    const arm = pick(random, lessons.armsOf(model, KNOWN))
    const one = deployment(`up/${model}`, { learnt: { calibration: lessons.calibrationOf(model) } })
    const usage = {
      ...NO_TOKENS,
      input: 180,
      cachedInput: 0,
      output: Math.ceil(900 * random()),
      reasoning: Math.ceil(40 * random()),
    }
    lessons.learn(
      lesson({
        requestId: `${i}`,
        profile: profile({ features: about }),
        target: { deployment: one, effort: arm.effort, arm },
        usage,
        valid: random() < 0.9,
      }),
    )
    lessons.judge(`${i}`, 'anybody', random())
  }
  return lessons
}

/** All that decisions are made of. */
function predictions(lessons: ModelStats): number[] {
  return MODELS.flatMap((model) => [
    lessons.calibrationOf(model).factor,
    lessons.calibrationOf(model).deviation,
    ...lessons.armsOf(model, KNOWN).flatMap((arm) =>
      SENSES.flatMap((about) => {
        const success = successOf(arm, about)
        const usual = usualLength(arm, about)
        return [success, doubtOf(arm, about, success), usual, usual * arm.factors.mean, usual * arm.factors.most]
      }),
    ),
  ])
}

const throughJson = (state: State): State => stateSchema.parse(JSON.parse(JSON.stringify(state)))

t.test('what comes back predicts the same', async (t) => {
  const before = learned()
  const after = new ModelStats(WEIGHTS)
  t.equal(restoreState(after, throughJson(toState(before))), true)
  const wanted = predictions(before)
  const found = predictions(after)
  t.equal(found.length, wanted.length)
  const apart = Math.max(...wanted.map((value, i) => Math.abs(found[i]! / value - 1)))
  t.ok(apart < 1e-4, `apart by ${apart}`)
})

t.test('and goes on learning in the same way', async (t) => {
  const before = learned()
  const after = new ModelStats(WEIGHTS)
  restoreState(after, throughJson(toState(before)))
  for (const lessons of [before, after])
    for (const arm of lessons.armsOf('alpha', KNOWN))
      for (let i = 0; i < 60; i++) {
        learnQuality(arm, SENSES[i % SENSES.length]!, i % 3 === 0 ? 1 : 0)
        learnValidity(arm, SENSES[i % SENSES.length]!, i % 7 !== 0)
      }
  const wanted = predictions(before)
  const found = predictions(after)
  const apart = Math.max(...wanted.map((value, i) => Math.abs(found[i]! / value - 1)))
  t.ok(apart < 1e-3, `apart by ${apart}`)
})

t.test('a second time through is the same', async (t) => {
  const first = throughJson(toState(learned()))
  const again = new ModelStats(WEIGHTS)
  restoreState(again, first)
  t.doesNotThrow(() => deepStrictEqual(throughJson(toState(again)), first))
})

t.test('nothing learnt, nothing kept', async (t) => {
  const lessons = new ModelStats(WEIGHTS)
  lessons.armsOf('alpha', KNOWN)
  lessons.calibrationOf('alpha')
  t.match(toState(lessons), { version: 2, arms: {}, tokenizers: {} })
  t.strictSame(Object.keys(toState(lessons).arms), [])
})

t.test('a file of the version before, in which scores were summed as they are, is taken over', async (t) => {
  const text = (topic: number): TextFeatures => ({ ...SENSES[0]!, topics: [topic], shares: [1], demand: 1 })
  const empty = { topics: [], total: 0, sum: 0, squares: 0 }
  const good = { topics: [[0, 200, 180] as const], total: 200, sum: 180, squares: 30 }
  const arm = {
    effort: null,
    n: 200,
    validity: empty,
    length: empty,
    spent: { reasoning: 0, output: 0 },
    residual: null,
  }
  const { topics } = toState(new ModelStats(WEIGHTS))
  const file = { version: 1, topics, arms: { 'alpha@default': { ...arm, quality: good } }, tokenizers: {} }
  const lessons = new ModelStats(WEIGHTS)
  t.equal(restoreState(lessons, stateSchema.parse(file)), true)
  const [alpha] = lessons.armsOf('alpha', facts({ quality: { default: 0.5 } }))
  const found = [0, 1].map((topic) => successOf(alpha!, text(topic)))
  t.ok(Math.abs(found[0]! - 0.98 * 0.86) < 0.04, `${found[0]} of the topic that was judged`)
  t.ok(found[1]! > 0.98 * 0.7 && found[1]! < found[0]!, `${found[1]} of another`)
})

t.test('nothing of a prompt, of a caller or of a backend is in it', async (t) => {
  const text = JSON.stringify(toState(learned()))
  t.notMatch(text, /linked|lighthouse|anybody|up\//)
})

t.test('with another classifier the arms are dropped and the tokenizers stay', async (t) => {
  const state = throughJson(toState(learned()))
  const others: readonly [string, typeof WEIGHTS][] = [
    ['fewer topics', { ...WEIGHTS, topics: WEIGHTS.topics.slice(1), lengths: WEIGHTS.lengths.slice(1) }],
    ['the same classes, trained anew', { ...WEIGHTS, lengths: WEIGHTS.lengths.map((length) => length + 0.1) }],
  ]
  for (const [name, topics] of others) {
    const lessons = new ModelStats(topics)
    t.equal(restoreState(lessons, state), false, name)
    t.equal([...lessons.known.arms].length, 0, name)
    t.ok(lessons.calibrationOf('alpha').count > 100, name)
    t.ok(Math.abs(lessons.calibrationOf('alpha').factor - 1.8) < 0.01, name)
  }
})

t.test('of thousands of models the best known are kept', async (t) => {
  const lessons = new ModelStats(WEIGHTS)
  for (let i = 0; i < 1100; i++) {
    const [arm] = lessons.armsOf(`m${i}`, facts())
    for (let n = 0; n < (i < 200 ? 1 : 2); n++) learnValidity(arm!, SENSES[0]!, true)
  }
  const { arms } = toState(lessons)
  t.equal(Object.keys(arms).length, 1000)
  t.ok('m1099@default' in arms)
})

/** A state with one member replaced: `path` leads to it. */
function broken(path: readonly string[], value: unknown): unknown {
  const state = JSON.parse(JSON.stringify(toState(learned()))) as Record<string, unknown>
  let at = state
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>
  at[path.at(-1)!] = value
  return state
}

const floats = (...values: number[]): string => Buffer.from(Float32Array.from(values).buffer).toString('base64')
const ARM = ['arms', 'alpha@default']

t.test('what is no state is refused, saying where', async (t) => {
  const cases: readonly (readonly [readonly string[], unknown])[] = [
    [['version'], 3],
    [['topics'], 7],
    [['arms'], []],
    [['more'], 1],
    [[...ARM, 'effort'], 'immense'],
    [[...ARM, 'n'], 'x'],
    [[...ARM, 'quality', 'topics'], [[1.5, 1, 1]]],
    [[...ARM, 'quality', 'topics'], [[1, 1]]],
    [[...ARM, 'slope'], 1],
    [['common', 'quality', 'total'], null],
    [['common', 'noise'], {}],
    [[...ARM, 'quality', 'total'], null],
    [[...ARM, 'residual', 'weights'], 3],
    [['tokenizers', 'alpha', 'mean'], '0'],
  ]
  for (const [path, value] of cases) {
    const read = stateSchema.safeParse(broken(path, value))
    t.equal(read.success, false, path.join('.'))
  }
  for (const value of [null, [], 'x', 1, {}]) t.equal(stateSchema.safeParse(value).success, false)
})

t.test('numbers that would poison what is predicted are refused, or do no harm', async (t) => {
  const cases: readonly (readonly [readonly string[], unknown])[] = [
    [[...ARM, 'quality', 'topics'], [[0, -6, 1]]],
    [
      [...ARM, 'quality', 'topics'],
      [
        [-1, 5, 1],
        [100_000, 5, 1],
      ],
    ],
    [[...ARM, 'quality', 'total'], -6],
    [['common', 'quality', 'sum'], 1e300],
    [['common', 'noise'], { sum: -100, count: 0 }],
    [['common', 'noise'], { sum: 0, count: -20 }],
    [['common', 'noise'], { sum: 1e300, count: 1 }],
    [[...ARM, 'slope'], { products: 1e300, squares: 0 }],
    [[...ARM, 'slope'], { products: 1, squares: -50 }],
    [[...ARM, 'length', 'squares'], -1e9],
    [[...ARM, 'length', 'total'], -3],
    [[...ARM, 'length', 'sum'], 1e300],
    [[...ARM, 'spent'], { reasoning: 0, output: -2000 }],
    [[...ARM, 'residual', 'weights'], floats(1)],
    [[...ARM, 'residual', 'weights'], ''],
    [[...ARM, 'residual', 'weights'], floats(...Array.from({ length: 300 }, () => 1))],
    [[...ARM, 'residual', 'weights'], floats(NaN, Infinity, 1)],
    [[...ARM, 'residual', 'covariance'], floats(1, 2, 3)],
    [[...ARM, 'residual', 'squares'], -3],
    [['tokenizers', 'alpha'], { count: 5, mean: 1e6, deviation: 0.1 }],
    [['tokenizers', 'alpha'], { count: 5, mean: 0, deviation: -50 }],
    [['tokenizers', 'alpha'], { count: -1, mean: 0, deviation: 0.1 }],
  ]
  for (const [path, value] of cases) {
    const name = `${path.slice(2).join('.') || 'tokenizer'} ${JSON.stringify(value).slice(0, 60)}`
    const read = stateSchema.safeParse(broken(path, value))
    if (!read.success) continue
    const lessons = new ModelStats(WEIGHTS)
    restoreState(lessons, read.data)
    const bad = predictions(lessons).filter((one) => !(one >= 0 && one < 1e9))
    t.strictSame(bad, [], name)
    for (const arm of lessons.armsOf('alpha', KNOWN)) learnQuality(arm, SENSES[0]!, 1)
    t.strictSame(
      predictions(lessons).filter((one) => !(one >= 0 && one < 1e9)),
      [],
      `${name}, after feedback`,
    )
  }
})

t.test('limits that were learnt are kept, and files from before there were any are read', async (t) => {
  const lessons = new ModelStats(WEIGHTS)
  for (let n = 0; n < 60; n++)
    lessons.tails.learn('m@high', 'code', { output: 700 + n, reasoning: 300, unfinished: false, cutAt: null })
  lessons.tails.learn('m@high', 'code', { output: null, reasoning: 0, unfinished: true, cutAt: 1_500 })
  const state = stateSchema.parse(JSON.parse(JSON.stringify(toState(lessons))))
  const again = new ModelStats(WEIGHTS)
  t.ok(restoreState(again, state))
  const [before, after] = [lessons, again].map(({ tails }) => trimOf(tails.of('m@high', 'code')!, 0)!)
  t.ok(Math.abs(after!.output! / before!.output! - 1) < 0.01, `${before!.output} -> ${after!.output}`)
  t.ok(Math.abs(after!.thought! / before!.thought! - 1) < 0.01)
  const { tails, ...older } = JSON.parse(JSON.stringify(toState(learned()))) as State
  t.strictSame(tails, {})
  t.ok(stateSchema.safeParse(older).success)
})
