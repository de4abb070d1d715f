/** Lessons from routing data and from the written phrases. */
import type { Sample } from '../benchmarks/routing/sample.ts'
import type { Lesson } from './lesson.ts'
import { readPhrases } from './phrases.ts'

/** Where the compiled recipe finds its phrases. */
const PHRASES_FILE = new URL('../../train/phrases.yaml', import.meta.url)
const SEED = 1

/** Samples of whatever sets; those that the same models answered belong to one. */
export function lessonsOf(samples: readonly Sample[]): Lesson[] {
  const lessons = samples.map(({ prompt, label, arms }) => {
    const results = Object.entries(arms)
    const set = Object.keys(arms).sort().join('|')
    return {
      set,
      prompt,
      label: label ?? set,
      scores: new Map(results.map(([model, { score }]) => [model, score])),
      outputTokens: new Map(
        results.flatMap(([model, { outputTokens }]) => (outputTokens === null ? [] : [[model, outputTokens] as const])),
      ),
    }
  })
  return [...lessons, ...readPhrases(PHRASES_FILE, SEED)]
}
