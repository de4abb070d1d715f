import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { intervalOf, noDifferences, resample } from '../../../benchmarks/routing/bootstrap.ts'
import { halvesOf } from '../../../benchmarks/routing/measure.ts'
import { runsOf, withoutCopies } from '../../../benchmarks/routing/near-copies.ts'
import type { Frontier, PolicyName } from '../../../benchmarks/routing/policies.ts'
import { readSets, SET_NAMES } from '../../../benchmarks/routing/sets/known.ts'
import { isOpenPool } from '../../../benchmarks/routing/sets/zeroeval.ts'

const QUESTION = 'a train leaves the station at noon and travels for three hours at sixty miles an hour how far'

t.test('a near copy is found in another dress, a strange question is not', async (t) => {
  const prompts = [`[Maths]\n${QUESTION}?\n (A) 20 (B) 180`]
  const samples = [{ prompt: `Q: ${QUESTION.toUpperCase()}!` }, { prompt: 'how far' }, { prompt: 'x '.repeat(20) }]
  t.strictSame(withoutCopies(samples, prompts), samples.slice(1))
  t.equal(runsOf('eleven words are too few to make a run of twelve').length, 0)
})

t.test('halves share no prompt; what is learned elsewhere is on the training side and no copy', async (t) => {
  const sample = (prompt: string) => ({ prompt, label: null, arms: {} })
  const samples = Array.from({ length: 200 }, (_, index) => sample(`${index} ${QUESTION} ${index}`))
  const own = [...samples, sample('twice'), sample(' twice')]
  const others = [...samples, ...Array.from({ length: 100 }, (_, index) => sample(`other ${index}`))]
  for (const { train, test, elsewhere } of halvesOf(own, others, 3)) {
    t.equal(train.length + test.length, own.length)
    const tested = new Set(test.map(({ prompt }) => prompt.trim()))
    for (const { prompt } of [...train, ...elsewhere]) t.notOk(tested.has(prompt.trim()), prompt)
    t.ok(elsewhere.length > 20 && elsewhere.every(({ prompt }) => prompt.startsWith('other')))
  }
})

t.test('the bootstrap is paired: the same choices differ by nothing, a sure gain is sure', async (t) => {
  const rows = 100
  const score = Float64Array.from({ length: rows * 2 }, (_, at) =>
    at % 2 === 0 ? (at % 3) / 10 : (at % 3) / 10 + 0.25,
  )
  const cost = Float64Array.from({ length: rows * 2 }, (_, at) => 1 + (at % 2))
  const samples = Array.from({ length: rows }, () => ({ prompt: '', label: null, arms: {} }))
  const always = (column: number): Frontier => ({
    settings: [{ lambda: 0, choices: new Uint16Array(rows).fill(column) }],
    predictions: null,
    fixed: true,
  })
  for (let row = 0; row < rows; row++) score[row * 2 + 1] = score[row * 2]! + 0.25
  const frontiers = new Map<PolicyName, Frontier>([
    ['turnout', always(1)],
    ['gold_table', always(1)],
    ['best_single', always(0)],
  ])
  const differences = noDifferences()
  const played = { truth: { samples, width: 2, score, cost }, frontiers, bestSingle: 1, cheapest: 0, decisionUs: [] }
  resample(played, 50, 1, differences)
  t.strictSame(intervalOf(differences.gold_table.accuracy), { mean: 0, low: 0, high: 0 })
  const sure = intervalOf(differences.best_single.accuracy)!
  for (const bound of [sure.mean, sure.low, sure.high]) t.ok(Math.abs(bound - 0.25) < 1e-9)
  t.equal(intervalOf(differences.shuffled.accuracy), null, 'nobody played it')
})

t.test('the sets are read into the neutral form', async (t) => {
  const folder = t.testdir()
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const price = { model_id: 'a', input_cost_per_m: 1, output_cost_per_m: 2 }
  put('paretobandit/models_k4.json', JSON.stringify({ models: [price, { ...price, model_id: 'b' }] }))
  const arm = { reward: 0.5, cost: 0.00021 }
  const line = { prompt: 'p'.repeat(36), source: 's\u2028', arms: { a: arm, b: arm } }
  put('paretobandit/val_k4.jsonl', `${JSON.stringify(line)}\n`)
  const entry = { input_price: 1, output_price: 2, size: '7B' }
  put('llmrouter/default_llm.json', JSON.stringify({ x: entry, y: entry, unused: entry }))
  put('llmrouter/train.jsonl', `${JSON.stringify({ question: 'p'.repeat(36), task: 't', scores: { y: 1, x: 0 } })}\n`)
  put(
    'zeroeval/models.csv',
    'model,assumed_usd_in_per_1m,assumed_usd_out_per_1m,open_params_b,hidden_reasoning_tokens,tasks\r\n' +
      'o,1,1,7,0,gsm|crux|math-l5\r\nbig,1,1,405,0,gsm|crux|math-l5\r\nshut,1,1,,0,gsm|crux|math-l5\r\n',
  )
  put('zeroeval/prompts.jsonl', '{"id":"g","task":"gsm","prompt":"one"}\n{"id":"c","task":"crux","prompt":"two"}\n')
  for (const [task, id] of [
    ['gsm', 'g'],
    ['crux', 'c'],
  ] as const) {
    put(`zeroeval/correct_${task}.csv`, `id,o,big,shut\r\n${id},1,1,1\r\n`)
    put(`zeroeval/output_chars_${task}.csv`, `id,o,big,shut\r\n${id},36,1,1\r\n`)
  }
  const head = 'prompt,mistralai/Mixtral-8x7B-Instruct-v0.1,gpt-4-1106-preview\n'
  put('routellm/mmlu_responses/mmlu_law.csv', `${head}"one, two",False,True\nseen,True,True\n`)
  put('routellm/mmlu_contaminated_prompts.jsonl', '{"eval_prompt":"seen"}\n')
  put('routellm/gsm8k_responses.csv', `${head}"a\nb",True,False\n`)
  put('routellm/gsm8k_contaminated_prompts.jsonl', '')
  const sets = readSets(folder)
  t.strictSame(
    sets.map(({ name }) => name),
    SET_NAMES,
  )
  const [pareto, llm, zero, mmlu, gsm] = sets
  t.equal(pareto!.samples[0]!.label, 's\u2028')
  // 210 millionths less 10 input tokens at 1, over a price of 2.
  t.ok(Math.abs(pareto!.samples[0]!.arms['a']!.outputTokens! - 100) < 1e-9)
  t.strictSame(Object.keys(llm!.cards), ['x', 'y'])
  t.ok(Math.abs(llm!.samples[0]!.arms['x']!.costUsd! - (10 + 600) / 1e6) < 1e-12)
  t.strictSame(Object.keys(zero!.cards), ['o'])
  t.strictSame(
    zero!.samples.map(({ label, arms }) => [label, arms['o']]),
    ['gsm', 'crux'].map((label) => [label, { score: 1, costUsd: null, outputTokens: 10 }]),
  )
  t.strictSame(
    mmlu!.samples.map(({ prompt, label }) => [prompt, label]),
    [['one, two', 'law']],
  )
  t.equal(gsm!.samples[0]!.arms['gpt-4-1106-preview']!.score, 0)
  t.notOk(isOpenPool({ open_params_b: '47', tasks: 'gsm|crux' }))
  put('routellm/mmlu_responses/mmlu_law.csv', `${head}one,maybe,True\n`)
  t.throws(() => readSets(folder), { message: /mmlu_law\.csv: row 1: .* must be True or False/ })
})
