import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { nanoUsdOf, NANO_USD, usdOf, usdText } from '../../src/core/money.ts'

const SOURCE = resolve(import.meta.dirname, '../../../src')

t.test('dollars become nano-dollars and back without a loss', async (t) => {
  t.equal(nanoUsdOf(0.1 + 0.2), 300_000_000)
  t.equal(usdOf(1_500_000_000), 1.5)
  t.equal(usdText(1), '0.000000001')
  t.equal(usdText(12_000_000_300), '12.000000300')
  t.equal(NANO_USD, 1e9)
})

t.test('no other file converts them by a number of its own', async (t) => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
  const own = files.filter((path) => /\b1e9\b|\b1_000_000_000\b/.test(readFileSync(join(SOURCE, path), 'utf8')))
  t.strictSame(own.sort(), ['core/money.ts', 'core/units.ts'])
})
