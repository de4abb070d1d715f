/** Data of anybody's own: `--train A.jsonl --test B.jsonl --models M.json`. */
import { BadData } from './bad-data.ts'
import { type Fields, fieldsAt, numberAt, objectLines, objectOf, optionalNumberAt, textAt } from './lines.ts'
import type { ArmResult, ModelCard, Sample } from './sample.ts'

/** The models of a file M. */
export function readModels(file: string): Record<string, ModelCard> {
  const cards: Record<string, ModelCard> = {}
  for (const [model, value] of Object.entries(objectOf(file))) {
    const fields = fieldsAt(value, `${file}: ${model}`)
    const number = (field: string): number | null => optionalNumberAt(fields, field, file, `${model}.${field}`)
    const open = fields['open'] ?? null
    if (open !== null && typeof open !== 'boolean')
      throw new BadData(`${file}: ${model}.open must be true, false or null`)
    cards[model] = {
      inputPerMtokUsd: number('input_per_mtok_usd'),
      outputPerMtokUsd: number('output_per_mtok_usd'),
      paramsB: number('params_b'),
      open,
    }
  }
  if (Object.keys(cards).length < 2) throw new BadData(`${file}: must name two models or more`)
  return cards
}

/** The samples of a file A or B. With `whole`, each line must have all models. */
export function readSamples(file: string, cards: Readonly<Record<string, ModelCard>>, whole: boolean): Sample[] {
  const samples: Sample[] = []
  for (const { where, fields } of objectLines(file)) {
    const arms = fieldsAt(fields['arms'], `${where}: arms`)
    for (const model of Object.keys(arms))
      if (!Object.hasOwn(cards, model)) throw new BadData(`${where}: arms.${model} is none of the models of --models`)
    const models = whole ? Object.keys(cards) : Object.keys(arms)
    samples.push({
      prompt: textAt(fields, 'prompt', where),
      label: labelOf(fields, where),
      arms: Object.fromEntries(models.map((model) => [model, armOf(arms, model, where)])),
    })
  }
  return samples
}

function labelOf(fields: Fields, where: string): string | null {
  return fields['label'] === null || fields['label'] === undefined ? null : textAt(fields, 'label', where)
}

function armOf(arms: Fields, model: string, where: string): ArmResult {
  const path = `arms.${model}`
  const fields = fieldsAt(arms[model], `${where}: ${path}`)
  return {
    score: numberAt(fields, 'score', where, `${path}.score`, 1),
    costUsd: optionalNumberAt(fields, 'cost_usd', where, `${path}.cost_usd`),
    outputTokens: optionalNumberAt(fields, 'output_tokens', where, `${path}.output_tokens`),
  }
}
