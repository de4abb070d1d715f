/** ZeroEval: right or wrong with the length of each answer; thirteen open models on GSM and CRUX. */
import { join } from 'node:path'
import { BadData } from '../bad-data.ts'
import { csvRows } from '../csv.ts'
import { objectLines, textAt } from '../lines.ts'
import { type ArmResult, CHARACTERS_PER_TOKEN, type DataSet, type ModelCard, type Sample } from '../sample.ts'

const TASKS = ['gsm', 'crux'] as const

/** The pool: what runs on one machine, and was measured on all three tasks of the source (the data hold two of them). */
const POOL_TASKS = ['gsm', 'crux', 'math-l5'] as const
const LARGEST_B = 72

type Row = Readonly<Record<string, string>>

/** Judged by GPU work: the prices in the data are assumed ones. */
export function zeroevalOpen(folder: string): DataSet {
  const cards: Record<string, ModelCard> = {}
  for (const row of csvRows(join(folder, 'zeroeval/models.csv')))
    if (isOpenPool(row)) cards[row['model']!] = cardOf(row)
  return {
    name: 'zeroeval-open',
    cards,
    samples: samplesOf(folder, Object.keys(cards)),
    currency: 'work',
    lengthsMeasured: true,
  }
}

export function isOpenPool(row: Row): boolean {
  const tasks = row['tasks']?.split('|') ?? []
  const size = row['open_params_b'] ?? ''
  return size !== '' && Number(size) <= LARGEST_B && POOL_TASKS.every((task) => tasks.includes(task))
}

function cardOf(row: Row): ModelCard {
  const number = (field: string): number | null =>
    row[field] === undefined || row[field] === '' ? null : Number(row[field])
  return {
    inputPerMtokUsd: number('assumed_usd_in_per_1m'),
    outputPerMtokUsd: number('assumed_usd_out_per_1m'),
    paramsB: number('open_params_b'),
    open: row['open_params_b'] !== '',
  }
}

function samplesOf(folder: string, models: readonly string[]): Sample[] {
  const tables = TASKS.map((task) => {
    const table = (kind: string): Map<string, Row> =>
      new Map(csvRows(join(folder, `zeroeval/${kind}_${task}.csv`)).map((row) => [row['id']!, row]))
    return [task, { correct: table('correct'), characters: table('output_chars') }] as const
  })
  const byTask = new Map<string, (typeof tables)[number][1]>(tables)
  const samples: Sample[] = []
  for (const { where, fields } of objectLines(join(folder, 'zeroeval/prompts.jsonl'))) {
    const task = textAt(fields, 'task', where)
    const id = textAt(fields, 'id', where)
    const correct = byTask.get(task)?.correct.get(id)
    const characters = byTask.get(task)?.characters.get(id)
    if (correct === undefined || characters === undefined) continue
    const arms = Object.fromEntries(models.map((model) => [model, armOf(correct[model], characters[model], model, id)]))
    samples.push({ prompt: textAt(fields, 'prompt', where), label: task, arms })
  }
  return samples
}

function armOf(correct: string | undefined, characters: string | undefined, model: string, id: string): ArmResult {
  if ((correct !== '0' && correct !== '1') || characters === undefined || !/^\d+$/.test(characters))
    throw new BadData(`zeroeval: ${id}: ${model} must have 0 or 1 and a number of characters`)
  return { score: Number(correct), costUsd: null, outputTokens: Number(characters) / CHARACTERS_PER_TOKEN }
}
