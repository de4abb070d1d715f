import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { bench } from '../../../benchmarks/routing/bench.ts'
import { classTable } from '../../../benchmarks/routing/class-table.ts'
import { randomFrom } from '../../../benchmarks/routing/random.ts'
import type { Sample } from '../../../benchmarks/routing/sample.ts'
import { choose } from '../../../benchmarks/routing/sweep.ts'
import type { Scorer, Shipped } from '../../../benchmarks/routing/scorer.ts'
import type { Answer } from '../../../benchmarks/routing/answer.ts'

const ROOT = resolve(import.meta.dirname, '../../../..')
const POLICIES = ['turnout', 'shuffled', 'cheapest', 'best_single', 'gold_table', 'oracle']
const FIGURES = [
  'accuracy',
  'aiq_linear',
  'aiq_log',
  'usd_per_1k_at_95',
  'usd_per_1k_at_99',
  'apgr',
  'work_at_95',
  'work_at_95_ratio',
]

const classOf = (prompt: string): string => prompt.split(' ')[0]!
/** Reads the class off the prompt's first word, and counts. */
const counting: Shipped = {
  classOf,
  begin({ pool }) {
    const judged: Sample[] = []
    const table = (): Scorer =>
      classTable(judged, pool, ({ prompt }) => classOf(prompt)) ?? {
        predict: () => ({
          success: new Float64Array(pool.models.length).fill(0.5),
          cost: Float64Array.from(pool.models.keys(), (column) => column + 1),
        }),
      }
    let known: Scorer | null = null
    return {
      predict: (prompt, label) => (known ??= table()).predict(prompt, label),
      ask: (prompt) => pool.models[choose((known ??= table()).predict(prompt, null), 0)]!,
      judge({ arms, ...sample }, models) {
        known = null
        judged.push({ ...sample, arms: Object.fromEntries(models.map((model) => [model, arms[model]!])) })
      },
    }
  },
}

interface Wish {
  readonly models?: number
  readonly train?: number
  readonly costs?: boolean
  readonly labels?: boolean
  readonly priced?: boolean
}

/** Model 0 is cheap and good at "easy" prompts only; the higher its number, the dearer and the better at "hard" ones. */
function lines(count: number, seed: number, { models = 2, costs = true, labels = true }: Wish): string {
  const random = randomFrom(seed)
  return Array.from({ length: count }, (_, index) => {
    const kind = index % 2 === 0 ? 'easy' : 'hard'
    const arms = Object.fromEntries(
      Array.from({ length: models }, (_, model) => {
        const chance = kind === 'easy' ? 0.9 : 0.1 + (0.8 * model) / (models - 1)
        const tokens = kind === 'easy' ? 100 : 400
        const arm = {
          score: random() < chance ? 1 : 0,
          cost_usd: costs ? (tokens * (1 + model * 9)) / 1e6 : null,
          output_tokens: costs ? tokens : null,
        }
        return [`m${model}`, arm]
      }),
    )
    return `${JSON.stringify({ prompt: `${kind} \u2028 ${seed}.${index}`, label: labels ? kind : null, arms })}\n`
  }).join('')
}

function files(folder: string, wish: Wish = {}): string[] {
  const { models = 2, train = 400, priced = true } = wish
  const cards = Object.fromEntries(
    Array.from({ length: models }, (_, model) => [
      `m${model}`,
      {
        input_per_mtok_usd: priced ? 1 + model * 9 : null,
        output_per_mtok_usd: priced ? 1 + model * 9 : null,
        params_b: 8 + 20 * model,
        open: true,
      },
    ]),
  )
  const [a, b, m] = ['a.jsonl', 'b.jsonl', 'm.json'].map((name) => join(folder, name)) as [string, string, string]
  writeFileSync(a, lines(train, 1, wish))
  writeFileSync(b, lines(300, 2, wish))
  writeFileSync(m, JSON.stringify(cards))
  return ['--train', a, '--test', b, '--models', m, '--json']
}

async function answer(args: readonly string[], shipped: Shipped | null = counting): Promise<Answer> {
  const said: string[] = []
  await bench(args, { root: ROOT, say: (line) => said.push(line), shipped, given: shipped })
  const parsed = JSON.parse(said.join('\n').split('\n').at(-1)!) as Answer
  t.strictSame(Object.keys(parsed), ['policies', 'single_verdicts', 'decision_us'])
  t.strictSame(Object.keys(parsed.policies), POLICIES)
  for (const policy of Object.values(parsed.policies)) t.strictSame(Object.keys(policy), FIGURES)
  return parsed
}

t.test('two models with all that is known', async (t) => {
  const { policies, decision_us } = await answer(files(t.testdir()))
  const { turnout, shuffled, cheapest, best_single, gold_table, oracle } = policies
  t.strictSame(turnout, gold_table, 'the same table by the same classes')
  t.ok(turnout.aiq_linear! > shuffled.aiq_linear! + 0.03, `${turnout.aiq_linear} ${shuffled.aiq_linear}`)
  t.ok(oracle.aiq_log! > turnout.aiq_log!)
  t.ok(turnout.apgr! > 0.65 && Math.abs(shuffled.apgr! - 0.5) < 0.15)
  t.ok(turnout.usd_per_1k_at_95! < best_single.usd_per_1k_at_95!)
  t.ok(cheapest.accuracy! < 0.6)
  t.equal(cheapest.usd_per_1k_at_95, null, 'it never gets there')
  t.equal(cheapest.apgr, null)
  t.ok(turnout.work_at_95! > 0 && turnout.work_at_95_ratio! <= 1.001)
  t.ok(decision_us.p50! > 0 && decision_us.p99! >= decision_us.p50!)
})

t.test('single verdicts: from the first day to what all of the training half teaches', async (t) => {
  const { single_verdicts: curve } = await answer(files(t.testdir(), { train: 1000 }))
  t.strictSame(Object.keys(curve), ['0', '50', '200', '1000'], 'as far as there are prompts')
  for (const figures of Object.values(curve)) t.strictSame(Object.keys(figures), FIGURES)
  t.equal(curve['0']!.accuracy, (await answer(files(t.testdir(), { train: 0 }))).policies.turnout.accuracy)
  t.strictSame((await answer(files(t.testdir()), null)).single_verdicts, {}, 'nobody learns')
})

t.test('with nine models routing is worth more than the same decisions shuffled', async (t) => {
  const { policies } = await answer(files(t.testdir(), { models: 9 }))
  t.equal(policies.turnout.apgr, null, 'of two models only')
  t.ok(policies.turnout.aiq_log! > policies.shuffled.aiq_log!)
  t.ok(policies.turnout.accuracy! > policies.cheapest.accuracy!)
})

t.test('no training data: nothing to count a table from', async (t) => {
  const { policies } = await answer(files(t.testdir(), { train: 0 }))
  for (const value of Object.values(policies.gold_table)) t.equal(value, null)
  t.type(policies.turnout.accuracy, 'number')
  t.type(policies.best_single.accuracy, 'number')
})

t.test('no labels: no gold table', async (t) => {
  const { policies } = await answer(files(t.testdir(), { labels: false }))
  for (const value of Object.values(policies.gold_table)) t.equal(value, null)
  t.ok(policies.turnout.aiq_linear! > policies.shuffled.aiq_linear!)
})

t.test('no cost anywhere: the share of calls to the dearer model', async (t) => {
  for (const priced of [true, false]) {
    const { policies } = await answer(files(t.testdir(), { costs: false, priced }))
    const { turnout, shuffled, cheapest } = policies
    t.equal(turnout.usd_per_1k_at_95, null)
    t.equal(turnout.aiq_log, null)
    t.equal(turnout.work_at_95, null)
    t.ok(turnout.apgr! > 0.65 && turnout.aiq_linear! > shuffled.aiq_linear!)
    t.ok(cheapest.accuracy! < turnout.accuracy!)
  }
})

t.test('without a shipped policy the base lines stand alone', async (t) => {
  const { policies, decision_us } = await answer(files(t.testdir()), null)
  t.equal(policies.turnout.accuracy, null)
  t.type(policies.gold_table.accuracy, 'number')
  t.strictSame(decision_us, { p50: null, p99: null })
})

t.test('a malformed line is named by file, line and field', async (t) => {
  const args = files(t.testdir())
  const test = args[3]!
  const good = lines(1, 3, {})
  const cases: readonly (readonly [line: string, message: RegExp])[] = [
    ['{"prompt": 1}', /b\.jsonl:2: arms must|b\.jsonl:2: arms: must/],
    ['nonsense', /b\.jsonl:2: not JSON/],
    [good.trim().replace(/"score":\d/, '"score":2'), /b\.jsonl:2: arms\.m0\.score must be a number from 0 to 1, is 2/],
    [good.trim().replace('"m1"', '"m7"'), /b\.jsonl:2: arms\.m7 is none of the models/],
    [good.trim().replace('"label":"easy"', '"label":5'), /b\.jsonl:2: label must be a text, is 5/],
    [good.trim().replace(/"cost_usd":[^,]+/, '"cost_usd":-1'), /b\.jsonl:2: arms\.m0\.cost_usd must be/],
    [good.trim().replace(/"prompt":"[^"]*"/, '"prompt":null'), /b\.jsonl:2: prompt must be a text, is null/],
    [good.trim().replace(/,"m1":\{[^}]*\}/, ''), /b\.jsonl:2: arms\.m1: must be an object, is missing/],
  ]
  for (const [line, message] of cases) {
    writeFileSync(test, `${good}${line}\n`)
    await t.rejects(answer(args), { message })
  }
  writeFileSync(test, '')
  await t.rejects(answer(args), { message: /b\.jsonl: empty/ })
})

t.test('the command says what is missing and fails', async (t) => {
  const run = (...args: string[]): { status: number | null; stderr: string } =>
    spawnSync(process.execPath, [join(ROOT, 'build/benchmarks/routing/run.js'), ...args], { encoding: 'utf8' })
  const args = files(t.testdir())
  for (const [given, message] of [
    [['--data', '/nowhere/data'], /\/nowhere\/data: no such folder; give/],
    [args.slice(0, 4), /--models is missing/],
    [[...args.slice(0, 3), '/nowhere/b.jsonl', ...args.slice(4)], /\/nowhere\/b\.jsonl: no such file/],
    [['--set', 'mooncake'], /--set: "mooncake" is none of/],
    [['--seeds', '0'], /--seeds takes/],
  ] as const) {
    const { status, stderr } = run(...given)
    t.equal(status, 1)
    t.match(stderr, message)
  }
})

t.test('the last line of the command is the answer', async (t) => {
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(ROOT, 'build/benchmarks/routing/run.js'), ...files(t.testdir())],
    { encoding: 'utf8' },
  )
  t.equal(status, 0)
  const last = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Answer
  t.strictSame(Object.keys(last.policies), POLICIES)
})
