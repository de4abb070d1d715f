import t from 'tap'
import { answerNanoUsd, textNanoUsd } from '../../src/core/rates.ts'
import { NO_PRICE, type Price, type Rates } from '../../src/core/settings.ts'
import { NO_COUNTS, RATE_NAMES } from '../../src/core/tokens.ts'
import { keyed } from '../../src/core/keyed.ts'
import { seeded } from '../support/random.ts'

t.test('an answer of text costs what the same tokens cost as an answer with all kinds', async (t) => {
  const random = seeded(7)
  const some = (most: number): number | null => (random() < 0.5 ? null : random() < 0.2 ? 0 : most * random())
  const rates = (): Rates => keyed(RATE_NAMES, () => some(20))
  const seen = { unknown: 0, timed: 0, tiered: 0, free: 0 }
  for (let turn = 0; turn < 5000; turn++) {
    const price: Price = {
      ...NO_PRICE,
      ...rates(),
      tiers: random() < 0.5 ? [] : [300, 100, 600].map((aboveInput) => ({ aboveInput, rates: rates() })),
      perRequest: random() < 0.3 ? random() : null,
      perGpuHour: some(3),
    }
    const [input, output] = [some(1000) ?? 0, some(500) ?? 0]
    // Parts of it, sometimes more than there is.
    const [cached, reasoning] = [input * 1.2 * (some(1) ?? 0), output * 1.2 * (some(1) ?? 0)]
    const wanted = answerNanoUsd(price, { ...NO_COUNTS, input, cachedInput: cached, output, reasoning }, turn)
    const found = textNanoUsd(price, input, cached, output, reasoning, turn)
    if (!Object.is(found, wanted)) t.fail(`${found}, not ${wanted}: ${JSON.stringify(price)}`)
    if (Number.isNaN(found)) seen.unknown++
    else if (found === 0) seen.free++
    if (price.perGpuHour !== null && price.inputPerMtok === null) seen.timed++
    if (price.tiers.length > 0) seen.tiered++
  }
  for (const [kind, count] of Object.entries(seen)) t.ok(count > 20, `${kind}: ${count}`)
})
