/** `npm run train`: writes config/classifier.bin from ../shared/data and phrases.yaml. The same input gives the same bytes. */
import { writeFileSync } from 'node:fs'
import { loadSets } from '../benchmarks/routing/sets.ts'
import { encodeWeights } from '../src/classify/weights.ts'
import { lessonsOf } from './lessons.ts'
import { trainWeights } from './weights.ts'

const FILE = new URL('../../config/classifier.bin', import.meta.url)
const SEED = 7

try {
  const lessons = lessonsOf(loadSets(), () => true)
  const weights = trainWeights(lessons, SEED)
  const bytes = encodeWeights(weights)
  writeFileSync(FILE, bytes)
  process.stdout.write(
    `config/classifier.bin: ${lessons.length} texts, ${weights.trained} topics, ${(bytes.length / 1024).toFixed(0)} KiB\n`,
  )
} catch (thrown) {
  process.stderr.write(`train: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
  process.exitCode = 1
}
