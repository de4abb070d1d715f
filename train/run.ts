/** `npm run train`: writes config/classifier.bin from ../shared/data and phrases.yaml. The same input gives the same bytes. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readSets } from '../benchmarks/routing/sets/known.ts'
import { encodeWeights } from '../src/decision/classify/weights.ts'
import { lessonsOf } from './lessons.ts'
import { TRAINING_SEED, trainWeights } from './weights.ts'

const FILE = new URL('../../config/classifier.bin', import.meta.url)
const DATA = resolve(import.meta.dirname, '../../../shared/data')

try {
  const lessons = lessonsOf(readSets(DATA).flatMap(({ samples }) => samples))
  const weights = trainWeights(lessons, TRAINING_SEED)
  const bytes = encodeWeights(weights)
  writeFileSync(FILE, bytes)
  process.stdout.write(
    `config/classifier.bin: ${lessons.length} texts, ${weights.trained} topics, ${(bytes.length / 1024).toFixed(0)} KiB\n`,
  )
} catch (thrown) {
  process.stderr.write(`train: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
  process.exitCode = 1
}
