/** Written prompts for the classes that no public data covers: templates whose {slots} are filled. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { type Lesson, random } from './lesson.ts'

interface Phrases {
  readonly slots: Readonly<Record<string, readonly (string | number)[]>>
  readonly classes: Readonly<Record<string, readonly string[]>>
}

export const PHRASES = 'phrases'
/** Fillings of each template. */
const FILLINGS = 6

export function readPhrases(file: URL, seed: number): Lesson[] {
  const { slots, classes } = parse(readFileSync(file, 'utf8')) as Phrases
  const next = random(seed)
  const filled = (template: string): string =>
    template.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const choices = slots[name]
      return choices === undefined ? whole : String(choices[Math.floor(next() * choices.length)])
    })
  return Object.entries(classes).flatMap(([label, templates]) =>
    templates.flatMap((template) => {
      const texts = new Set(Array.from({ length: /\{\w+\}/.test(template) ? FILLINGS : 1 }, () => filled(template)))
      return [...texts].map((prompt) => ({ set: PHRASES, prompt, label, scores: new Map(), outputTokens: new Map() }))
    }),
  )
}
