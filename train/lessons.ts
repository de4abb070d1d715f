/** Lessons from the routing data and from the written phrases. */
import type { RoutingSet } from '../benchmarks/routing/sample.ts'
import type { Lesson } from './lesson.ts'
import { readPhrases } from './phrases.ts'

/** Where the compiled recipe finds its phrases. */
const PHRASES_FILE = new URL('../../train/phrases.yaml', import.meta.url)
const SEED = 1

/** `keep`: prompts that may be learnt from. */
export function lessonsOf(sets: readonly RoutingSet[], keep: (prompt: string) => boolean): Lesson[] {
  const lessons = sets.flatMap(({ name, samples }) =>
    samples
      .filter(({ prompt }) => keep(prompt))
      .map(({ prompt, label, arms }) => ({
        set: name,
        prompt,
        label: label ?? name,
        scores: new Map([...arms].map(([model, { score }]) => [model, score])),
        outputTokens: new Map(
          [...arms].flatMap(([model, { outputTokens }]) =>
            outputTokens === null ? [] : [[model, outputTokens] as const],
          ),
        ),
      })),
  )
  return [...lessons, ...readPhrases(PHRASES_FILE, SEED)]
}
