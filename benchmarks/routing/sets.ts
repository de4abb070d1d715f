/** The sets of ../shared/data in the one form of sample.ts. What each file means: its README. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readCsv } from './csv.ts'
import { CHARS_PER_TOKEN, type ModelCard, type Outcome, type RoutingSet, type Sample } from './sample.ts'

export const DATA = new URL('../../../../shared/data/', import.meta.url)

/** Throws with what is missing. */
export function loadSets(root: URL = DATA): RoutingSet[] {
  if (!existsSync(root))
    throw new Error(`There is no routing data: the folder shared/data is to lie beside the project.`)
  const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
  return [paretobandit(read), llmrouter(read), zeroeval(read), ...routellm(read, root)]
}

type Read = (path: string) => string

/** Split on line feeds only: texts hold other separators of lines. */
const jsonLines = <T>(text: string): T[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)

const tokensOf = (prompt: string): number => prompt.length / CHARS_PER_TOKEN

/** Costs are real, thinking included; the tokens follow from them. */
function paretobandit(read: Read): RoutingSet {
  interface Line {
    readonly prompt: string
    readonly source: string
    readonly arms: Readonly<Record<string, { readonly reward: number; readonly cost: number }>>
  }
  interface Card {
    readonly model_id: string
    readonly input_cost_per_m: number
    readonly output_cost_per_m: number
  }
  const cards = (JSON.parse(read('paretobandit/models_k4.json')) as { models: Card[] }).models
  const models = new Map(
    cards.map((card) => [card.model_id, cardOf(card.input_cost_per_m, card.output_cost_per_m, null)]),
  )
  const samples = jsonLines<Line>(read('paretobandit/val_k4.jsonl')).map(({ prompt, source, arms }) => ({
    prompt,
    label: source,
    arms: new Map(
      [...models].map(([model, { inputPerMtokUsd, outputPerMtokUsd }]) => {
        const { reward, cost } = arms[model]!
        const output = (cost * 1e6 - tokensOf(prompt) * inputPerMtokUsd!) / outputPerMtokUsd!
        return [model, { score: reward, costUsd: cost, outputTokens: Math.max(1, output) }]
      }),
    ),
  }))
  return { name: 'paretobandit', samples, models }
}

/** No tokens in the data: list prices, and 300 output tokens for everything. */
const ASSUMED_OUTPUT = 300

function llmrouter(read: Read): RoutingSet {
  interface Line {
    readonly question: string
    readonly task: string
    readonly scores: Readonly<Record<string, number>>
  }
  type Cards = Readonly<
    Record<string, { readonly input_price: number; readonly output_price: number; readonly size: string }>
  >
  const lines = jsonLines<Line>(read('llmrouter/train.jsonl'))
  const cards = JSON.parse(read('llmrouter/default_llm.json')) as Cards
  const names = Object.keys(lines[0]!.scores)
  const models = new Map(
    names.map((name) => [
      name,
      cardOf(cards[name]!.input_price, cards[name]!.output_price, parseFloat(cards[name]!.size)),
    ]),
  )
  const samples = lines.map(({ question, task, scores }) => ({
    prompt: question,
    label: task,
    arms: new Map(
      names.map((name) => {
        const { inputPerMtokUsd, outputPerMtokUsd } = models.get(name)!
        const costUsd = (tokensOf(question) * inputPerMtokUsd! + ASSUMED_OUTPUT * outputPerMtokUsd!) / 1e6
        return [name, { score: scores[name]!, costUsd, outputTokens: null }]
      }),
    ),
  }))
  return { name: 'llmrouter', samples, models }
}

/** Open models that answered both tasks; what they cost is their work: parameters x tokens. */
function zeroeval(read: Read): RoutingSet {
  const prompts = new Map(
    jsonLines<{ id: string; prompt: string }>(read('zeroeval/prompts.jsonl')).map(({ id, prompt }) => [id, prompt]),
  )
  const [, ...rows] = readCsv(read('zeroeval/models.csv'))
  const cards = new Map(
    rows.map(([model, input, output, params]) => [
      model!,
      cardOf(Number(input), Number(output), params === '' ? null : Number(params)),
    ]),
  )
  const samples: Sample[] = []
  for (const task of ['gsm', 'crux']) {
    const [head, ...correct] = readCsv(read(`zeroeval/correct_${task}.csv`))
    const [, ...chars] = readCsv(read(`zeroeval/output_chars_${task}.csv`))
    const lengths = new Map(chars.map((row) => [row[0]!, row]))
    for (const row of correct) {
      const length = lengths.get(row[0]!)
      const arms = new Map<string, Outcome>()
      for (let i = 1; i < head!.length; i++) {
        if (row[i] === '' || (length?.[i] ?? '') === '') continue
        arms.set(head![i]!, {
          score: Number(row[i]),
          costUsd: null,
          outputTokens: Number(length![i]) / CHARS_PER_TOKEN,
        })
      }
      samples.push({ prompt: prompts.get(row[0]!)!, label: task, arms })
    }
  }
  return { name: 'zeroeval', samples, models: cards }
}

export const WEAK = 'mistralai/Mixtral-8x7B-Instruct-v0.1'
export const STRONG = 'gpt-4-1106-preview'

/** Two models without costs; prompts that leaked into training data are left out, as the authors do. */
function routellm(read: Read, root: URL): RoutingSet[] {
  const leaked = (name: string): Set<string> =>
    new Set(
      jsonLines<{ eval_prompt: string }>(read(`routellm/${name}_contaminated_prompts.jsonl`)).map(
        (line) => line.eval_prompt,
      ),
    )
  const models = new Map([WEAK, STRONG].map((name) => [name, cardOf(null, null, null)]))
  const samplesOf = (file: string, label: string, without: Set<string>): Sample[] =>
    readCsv(read(file))
      .slice(1)
      .filter(([prompt]) => !without.has(prompt!))
      .map(([prompt, weak, strong]) => ({
        prompt: prompt!,
        label,
        arms: new Map([
          [WEAK, { score: weak === 'True' ? 1 : 0, costUsd: null, outputTokens: null }],
          [STRONG, { score: strong === 'True' ? 1 : 0, costUsd: null, outputTokens: null }],
        ]),
      }))
  const subjects = readdirSync(new URL('routellm/mmlu_responses/', root)).sort()
  const mmlu = leaked('mmlu')
  return [
    { name: 'routellm-gsm8k', samples: samplesOf('routellm/gsm8k_responses.csv', 'gsm8k', leaked('gsm8k')), models },
    {
      name: 'routellm-mmlu',
      samples: subjects.flatMap((file) => samplesOf(`routellm/mmlu_responses/${file}`, file.replace('.csv', ''), mmlu)),
      models,
    },
  ]
}

const cardOf = (input: number | null, output: number | null, paramsB: number | null): ModelCard => ({
  inputPerMtokUsd: input,
  outputPerMtokUsd: output,
  paramsB,
  open: paramsB !== null,
})
