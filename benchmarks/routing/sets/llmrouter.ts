/** LLMRouter's training set: nine open models on thirteen tasks, list prices, no lengths. */
import { join } from 'node:path'
import { BadData } from '../bad-data.ts'
import { fieldsAt, numberAt, objectLines, objectOf, textAt } from '../lines.ts'
import { CHARACTERS_PER_TOKEN, type DataSet, type ModelCard, type Sample } from '../sample.ts'

/** The data have no token counts; each answer is taken to have this many. */
export const ASSUMED_OUTPUT_TOKENS = 300

export function llmrouter(folder: string): DataSet {
  const file = join(folder, 'llmrouter/default_llm.json')
  const prices = objectOf(file)
  const data = join(folder, 'llmrouter/train.jsonl')
  const cards: Record<string, ModelCard> = {}
  const samples: Sample[] = []
  for (const { where, fields } of objectLines(data)) {
    const scores = fieldsAt(fields['scores'], `${where}: scores`)
    // The price list names more models than were measured.
    if (samples.length === 0)
      for (const model of Object.keys(scores).sort()) {
        const entry = fieldsAt(prices[model], `${file}: ${model}`)
        cards[model] = {
          inputPerMtokUsd: numberAt(entry, 'input_price', file, `${model}.input_price`),
          outputPerMtokUsd: numberAt(entry, 'output_price', file, `${model}.output_price`),
          paramsB: Number.parseFloat(textAt(entry, 'size', file)),
          open: true,
        }
      }
    const prompt = textAt(fields, 'question', where)
    const arms = Object.entries(cards).map(([model, card]) => {
      const input = (prompt.length / CHARACTERS_PER_TOKEN) * card.inputPerMtokUsd!
      return [
        model,
        {
          score: numberAt(scores, model, where, `scores.${model}`, 1),
          costUsd: (input + ASSUMED_OUTPUT_TOKENS * card.outputPerMtokUsd!) / 1e6,
          outputTokens: ASSUMED_OUTPUT_TOKENS,
        },
      ] as const
    })
    samples.push({ prompt, label: textAt(fields, 'task', where), arms: Object.fromEntries(arms) })
  }
  if (samples.length === 0) throw new BadData(`${data}: empty`)
  return { name: 'llmrouter', cards, samples, currency: 'usd', lengthsMeasured: false }
}
