/** `npm run catalogue`: checks what was published, and writes config/quality.json. `--check`: writes nothing, and says whether the file is of these results. */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { DATA } from '../src/decision/catalogue/data.ts'
import { faultsOf, oddOnes } from './check.ts'
import { fitOf } from './fit.ts'
import { figuresOf, readBenchmarks, readResults } from './results.ts'
import { type Made, tableOf } from './table.ts'
import { tableText } from './table-text.ts'

const FILE = resolve(import.meta.dirname, '../../config/quality.json')

const benchmarks = readBenchmarks()
const results = readResults()
const figures = figuresOf(results)
const today = new Date().toISOString().slice(0, 10)
let faults = faultsOf(results, figures, benchmarks, today)
if (faults.length === 0) {
  const fit = fitOf(figures, benchmarks)
  faults = oddOnes(figures, benchmarks, fit, results.notes)
  const made = tableOf(figures, benchmarks, results.aliases, DATA.sizes, fit)
  process.stdout.write(summary(made))
  const text = tableText(made.table)
  if (!process.argv.includes('--check')) writeFileSync(FILE, text)
  else if (readFileSync(FILE, 'utf8') !== text)
    faults.push('config/quality.json is not of these results: run npm run catalogue')
}
for (const fault of faults) process.stderr.write(`${fault}\n`)
process.exitCode = faults.length === 0 ? 0 : 1

function summary({ table, leftOut }: Made): string {
  const { family, size, none } = leftOut
  return [
    `${Object.keys(table.models).length} models, ${figures.length} figures of ${Object.keys(benchmarks).length} benchmarks from ${table.sources.length} sources`,
    `left out and predicted, share of useful answers is off by ${family} by family and size (${leftOut.models} models),`,
    `${size} by size alone (${leftOut.sized} models), ${none} by the mean of all`,
    '',
  ].join('\n')
}
