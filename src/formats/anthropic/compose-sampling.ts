/** How the next token is chosen, as far as this format can say it. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Sampling } from '../../core/prompt.ts'
import type { Composing } from '../format.ts'
import type { Lose } from './compose-blocks.ts'

/** A field that a model was found to refuse: an adaptation, by name. */
const REFUSED = 'refused:'

export const SAMPLING_FIELDS = ['temperature', 'top_p', 'top_k'] as const

export const refusedField = (name: (typeof SAMPLING_FIELDS)[number]): string => REFUSED + name

/** `thinking`: as it is asked for. */
export function samplingOf(
  sampling: Sampling,
  thinking: Json | undefined,
  { place, changes }: Pick<Composing, 'place' | 'changes'>,
  lose: Lose,
): JsonObject {
  if (sampling.frequencyPenalty !== null || sampling.presencePenalty !== null) lose('penalties')
  if (sampling.seed !== null) lose('seed')
  if ((sampling.choices ?? 1) > 1) lose('choices')
  const fields = new Map(
    [
      ['temperature', sampling.temperature] as const,
      ['top_p', sampling.topP] as const,
      ['top_k', sampling.topK] as const,
    ].flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])),
  )
  const drop = (name: (typeof SAMPLING_FIELDS)[number]): void => {
    if (fields.delete(name)) lose(name)
  }
  if (place.maker === true) {
    // It thinks at its own temperature, and takes one of the two.
    if (isObject(thinking) && thinking['type'] !== 'disabled') SAMPLING_FIELDS.forEach(drop)
    if (fields.get('top_p') === 1) fields.delete('top_p')
    if (fields.has('temperature')) drop('top_p')
    const temperature = fields.get('temperature') ?? 0
    if (temperature > 1) {
      fields.set('temperature', 1)
      lose('temperature')
    }
  }
  for (const name of SAMPLING_FIELDS) if (changes.includes(refusedField(name))) drop(name)
  return Object.fromEntries(fields)
}
