/** ParetoBandit's validation set: four models, a judge's reward, the real cost with thinking tokens. */
import { join } from 'node:path'
import { BadData } from '../bad-data.ts'
import { type Fields, fieldsAt, numberAt, objectLines, objectOf, textAt } from '../lines.ts'
import { type ArmResult, CHARACTERS_PER_TOKEN, type DataSet, type ModelCard } from '../sample.ts'

const FEWEST_TOKENS = 1

export function paretobandit(folder: string): DataSet {
  const file = join(folder, 'paretobandit/models_k4.json')
  const list = objectOf(file)['models']
  if (!Array.isArray(list)) throw new BadData(`${file}: models must be a list`)
  const cards: Record<string, ModelCard> = {}
  for (const value of list as unknown[]) {
    const fields = fieldsAt(value, file)
    cards[textAt(fields, 'model_id', file)] = {
      inputPerMtokUsd: numberAt(fields, 'input_cost_per_m', file),
      outputPerMtokUsd: numberAt(fields, 'output_cost_per_m', file),
      paramsB: null,
      open: null,
    }
  }
  const samples = [...objectLines(join(folder, 'paretobandit/val_k4.jsonl'))].map(({ where, fields }) => {
    const prompt = textAt(fields, 'prompt', where)
    const arms = fieldsAt(fields['arms'], `${where}: arms`)
    return {
      prompt,
      label: textAt(fields, 'source', where),
      arms: Object.fromEntries(
        Object.entries(cards).map(([model, card]) => [model, armOf(arms, model, card, prompt, where)]),
      ),
    }
  })
  return { name: 'paretobandit', cards, samples, currency: 'usd', lengthsMeasured: true }
}

function armOf(arms: Fields, model: string, card: ModelCard, prompt: string, where: string): ArmResult {
  const path = `arms.${model}`
  const fields = fieldsAt(arms[model], `${where}: ${path}`)
  const costUsd = numberAt(fields, 'cost', where, `${path}.cost`)
  const input = (prompt.length / CHARACTERS_PER_TOKEN) * card.inputPerMtokUsd!
  return {
    score: numberAt(fields, 'reward', where, `${path}.reward`, 1),
    costUsd,
    outputTokens: Math.max(FEWEST_TOKENS, (costUsd * 1e6 - input) / card.outputPerMtokUsd!),
  }
}
