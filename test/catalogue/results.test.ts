import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { faultsOf, oddOnes } from '../../catalogue/check.ts'
import { fitOf } from '../../catalogue/fit.ts'
import { figuresOf, readBenchmarks, readResults } from '../../catalogue/results.ts'
import { tableOf } from '../../catalogue/table.ts'
import { tableText } from '../../catalogue/table-text.ts'
import { TASK_CLASSES } from '../../src/core/capabilities.ts'
import { DATA } from '../../src/decision/catalogue/data.ts'
import { ROOT } from '../config/load.ts'

const TODAY = new Date().toISOString().slice(0, 10)
const benchmarks = readBenchmarks()
const results = readResults()
const figures = figuresOf(results)

t.test('the table that is shipped is of the results in the repository, and nothing is wrong with these', async (t) => {
  t.strictSame(faultsOf(results, figures, benchmarks, TODAY), [])
  const fit = fitOf(figures, benchmarks)
  t.strictSame(oddOnes(figures, benchmarks, fit, results.notes), [])
  const { table, leftOut } = tableOf(figures, benchmarks, results.aliases, DATA.sizes, fit)
  t.equal(tableText(table), readFileSync(resolve(ROOT, 'config/quality.json'), 'utf8'), 'else: npm run catalogue')
  t.ok(Object.keys(table.models).length >= 200)
  t.ok(
    leftOut.family < leftOut.size && leftOut.size < leftOut.none,
    'a family says more than a size, and that more than nothing',
  )
  for (const [name, { success, doubt, figures: counts, sources }] of Object.entries(table.models)) {
    t.ok(success.length === TASK_CLASSES.length && success.every((one) => one > 0.2 && one < 0.98), name)
    t.ok(doubt.every((one) => one > 0 && one < 0.2) && sources.length > 0 && counts.some((one) => one > 0), name)
  }
  // Fewer figures of a class leave more doubt about it.
  const odds = (share: number, doubt: number): number => doubt / (share * (1 - share))
  const { success, doubt } = table.models['gpt4o']!
  const [code, other] = [TASK_CLASSES.indexOf('code'), TASK_CLASSES.indexOf('other')]
  t.ok(odds(success[code]!, doubt[code]!) < odds(success[other]!, doubt[other]!))
})

t.test('what is wrong with results is told by name', async (t) => {
  const one = { ...results, aliases: {} }
  const [first] = figures
  const faults = (change: Partial<typeof first>): string =>
    faultsOf(one, [...figures, { ...first!, ...change }], benchmarks, TODAY).join('\n')
  t.match(faults({}), `${first!.benchmark} of ${first!.model}: has two figures`)
  t.match(faults({ benchmark: 'mmlu', model: 'gpt4o-x', value: 101 }), 'mmlu of gpt4o-x: 101 is out of range')
  t.match(faults({ benchmark: 'nobodys', value: 1 }), 'catalogue/benchmarks.yaml does not say')
  t.match(faults({ model: 'llama-3.1-8b' }), 'llama-3.1-8b: requests for it look for llama3.1-8b')
  t.match(faults({ model: 'gpt9' }), 'gpt9: 1 figures are too few')
  t.match(faults({ effort: 'hard' }), 'hard is no effort')
  t.match(
    faultsOf({ ...results, aliases: { x: 'nobody' } }, figures, benchmarks, TODAY).join(),
    'there are no figures of nobody',
  )
  t.match(faultsOf(results, figures, benchmarks, '2020-01-01').join(), 'is yet to come')
  t.throws(() => readResults('sources: [{ title: x, url: https://x.y, figures: {} }]\ncollections: {}'), /date/)
  t.throws(() => readResults('sources: [{ url: x, title: x, date: 2026-01-01, figures: {} }]\ncollections: {}'))
})

t.test('a figure that lies far off needs a note, and a note a figure that does', async (t) => {
  const wrong = figures.map((one) => (one.benchmark === 'mmlu' && one.model === 'gpt4o' ? { ...one, value: 31 } : one))
  const odd = oddOnes(wrong, benchmarks, fitOf(wrong, benchmarks), {
    ...results.notes,
    'mmlu of gpt4': 'nothing is wrong',
  })
  t.match(odd.join('\n'), /^mmlu of gpt4o: 31 is -\d+\.\d standard deviations off, and there is no note$/m)
  t.match(odd.join('\n'), /^mmlu of gpt4: has a note, and nothing to explain$/m)
})
