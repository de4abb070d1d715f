/** RouteLLM's two benchmarks: GPT-4 against Mixtral, right or wrong, without the prompts that their training had seen. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { BadData } from '../bad-data.ts'
import { csvRows } from '../csv.ts'
import { objectLines, textAt } from '../lines.ts'
import type { ArmResult, DataSet, ModelCard, Sample } from '../sample.ts'

/** Without prices: GPT-4, whose size nobody knows, counts as the dearer one. */
const CARDS: Readonly<Record<string, ModelCard>> = {
  'mistralai/Mixtral-8x7B-Instruct-v0.1': { inputPerMtokUsd: null, outputPerMtokUsd: null, paramsB: 47, open: true },
  'gpt-4-1106-preview': { inputPerMtokUsd: null, outputPerMtokUsd: null, paramsB: null, open: false },
}

export function routellmMmlu(folder: string): DataSet {
  const seen = contaminated(join(folder, 'routellm/mmlu_contaminated_prompts.jsonl'))
  const subjects = join(folder, 'routellm/mmlu_responses')
  const samples = filesOf(subjects).flatMap((file) => {
    const label = file.slice('mmlu_'.length, -'.csv'.length)
    return samplesOf(join(subjects, file), label, seen)
  })
  return { name: 'routellm-mmlu', cards: CARDS, samples, currency: 'share', lengthsMeasured: false }
}

export function routellmGsm8k(folder: string): DataSet {
  const seen = contaminated(join(folder, 'routellm/gsm8k_contaminated_prompts.jsonl'))
  const samples = samplesOf(join(folder, 'routellm/gsm8k_responses.csv'), 'gsm8k', seen)
  return { name: 'routellm-gsm8k', cards: CARDS, samples, currency: 'share', lengthsMeasured: false }
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.csv'))
      .sort()
  } catch {
    throw new BadData(`${folder}: no such folder`)
  }
}

function contaminated(file: string): Set<string> {
  return new Set([...objectLines(file)].map(({ where, fields }) => textAt(fields, 'eval_prompt', where)))
}

function samplesOf(file: string, label: string, seen: ReadonlySet<string>): Sample[] {
  return csvRows(file)
    .filter((row) => !seen.has(row['prompt'] ?? ''))
    .map((row, index) => ({
      prompt: row['prompt'] ?? '',
      label,
      arms: Object.fromEntries(Object.keys(CARDS).map((model) => [model, armOf(row[model], model, file, index)])),
    }))
}

function armOf(value: string | undefined, model: string, file: string, index: number): ArmResult {
  if (value !== 'True' && value !== 'False')
    throw new BadData(`${file}: row ${index + 1}: ${model} must be True or False`)
  return { score: value === 'True' ? 1 : 0, costUsd: null, outputTokens: null }
}
