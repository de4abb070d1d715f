import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadWeights } from '../../src/classifier-file.ts'
import { decodeWeights, encodeWeights, featuresOf } from '../../src/decision/classify/weights.ts'
import { TASK_CLASSES } from '../../src/core/capabilities.ts'
import { WEIGHTS } from '../support/factories.ts'

t.test('written and read again they are the same', async (t) => {
  const bytes = encodeWeights(WEIGHTS)
  t.strictSame(decodeWeights(bytes), WEIGHTS)
  t.ok(encodeWeights(decodeWeights(bytes)).equals(bytes))
})

t.test('they are read from a file', async (t) => {
  const path = join(t.testdir({}), 'classifier.bin')
  await writeFile(path, encodeWeights(WEIGHTS))
  t.strictSame(await loadWeights(path), WEIGHTS)
  await t.rejects(loadWeights(join(path, 'none')))
})

t.test('the shipped ones: small, finite, and a topic for every class that a request can have', async (t) => {
  const shipped = new URL('../../../config/classifier.bin', import.meta.url)
  t.ok((await stat(shipped)).size < 1_000_000)
  t.ok(encodeWeights(WEIGHTS).equals(await readFile(shipped)))
  const { scales, norms, heads, difficulty, demand, lengths, dims, trained, topics } = WEIGHTS
  for (const values of [scales, norms, heads, difficulty, demand, lengths]) t.ok(values.every(Number.isFinite))
  t.equal(heads.length, trained * (featuresOf(dims) + 1))
  t.strictSame([...new Set(topics)].sort(), [...TASK_CLASSES].sort())
  for (const form of ['vision', 'agent'] as const) t.ok(topics.lastIndexOf(form) >= 0)
})

/** The header with something changed. */
function headed(change: object): Buffer {
  const bytes = encodeWeights(WEIGHTS)
  const end = bytes.indexOf(10)
  const header = { ...(JSON.parse(bytes.toString('utf8', 0, end)) as object), ...change }
  return Buffer.concat([Buffer.from(JSON.stringify(header)), bytes.subarray(end)])
}

const whole = encodeWeights(WEIGHTS)

for (const [name, bytes, message] of [
  ['of another version', headed({ format: 'turnout-classifier-0' }), /another version.*npm run train/],
  ['with other buckets', headed({ buckets: 1024 }), /another version/],
  ['with another surface', headed({ surface: 3 }), /another version/],
  ['with a class that nobody knows', headed({ topics: WEIGHTS.topics.map(() => 'gossip') }), /damaged/],
  ['with fewer topics than weights', headed({ topics: WEIGHTS.topics.slice(1) }), /damaged/],
  ['with other dimensions', headed({ dims: 32 }), /damaged/],
  ['cut short', whole.subarray(0, -100), /classifier\.bin/],
  ['cut to its header', whole.subarray(0, whole.indexOf(10) + 1), /classifier\.bin/],
  ['too long', Buffer.concat([whole, Buffer.alloc(4)]), /damaged/],
  ['empty', Buffer.alloc(0), /classifier\.bin/],
  ['something else', Buffer.from('\x89PNG\r\n\x1a\n lots of bytes'), /classifier\.bin/],
  ['JSON of something else', Buffer.from('[1,2]\n'), /classifier\.bin/],
  ['null', Buffer.from('null\n'), /classifier\.bin/],
] as const)
  t.test(`a file ${name} is refused with what to do`, async (t) => t.throws(() => decodeWeights(bytes), { message }))
