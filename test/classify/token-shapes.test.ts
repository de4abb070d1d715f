/** The estimate of tokens over texts of many shapes, against what real tokenizers make of them. */
import { createHash } from 'node:crypto'
import t from 'tap'
import { tokensOf } from '../../src/decision/classify/tokens.ts'
import { COUNTED, TEXTS } from '../support/token-shapes.ts'

const bytes = (text: string): string => Buffer.from(text).toString('latin1')

/** Twice as many as the tokenizer that makes the most of them would refuse what fits. */
const MOST = 2
/** Letters without words, and one mark over and over, which tokenizers treat each in its own way. */
const LEAST: Readonly<Record<string, number>> = { dna: 0.35, laughter: 0.35, 'double box': 0.35 }

t.test('no shape of text is taken for much more, or much less, than it is', async (t) => {
  for (const [name, text] of Object.entries(TEXTS)) {
    const counts = COUNTED[name]!
    for (const found of [tokensOf(bytes(text)), tokensOf(text)]) {
      const said = `${name}: ${Math.round(found)}, counted ${counts.join(' and ')}`
      // Whatever the ratio, a hundred tokens keep nobody from anything.
      t.ok(found <= MOST * Math.max(...counts) || found < 110, said)
      t.ok(found >= (LEAST[name] ?? 0.5) * Math.max(...counts), said)
    }
  }
  t.ok(Object.keys(TEXTS).length > 50)
  t.strictSame(Object.keys(COUNTED), Object.keys(TEXTS))
})

t.test('the texts are those that were counted', async (t) => {
  const hash = createHash('sha256').update(JSON.stringify(TEXTS)).digest('hex')
  t.equal(hash, 'a76dd72741000b5f5f9fb14b637b08235d6a148a6e2c881d0bd49670f66ae1e9')
})

t.test('a run of any mark is never dearer than its marks alone, and a longer one never cheaper', async (t) => {
  for (let code = 32; code < 127; code++) {
    const mark = String.fromCharCode(code)
    let before = 0
    for (const length of [1, 2, 3, 4, 8, 16, 50, 100, 600]) {
      const found = tokensOf(mark.repeat(length))
      t.ok(found >= before && found <= length * 1.1 + 0.1, `${length} of ${JSON.stringify(mark)}: ${found}`)
      before = found
    }
  }
})
