import t from 'tap'
import { calibrated, learnTokens, newCalibration } from '../../src/decision/learn/calibration.ts'
import { seeded } from '../support/random.ts'
import { normal } from '../support/features.ts'

t.test('before anything was seen the estimate stands', async (t) => {
  t.equal(calibrated(1234, newCalibration()), 1234)
})

for (const truth of [0.55, 0.8, 1, 1.35, 2.4])
  t.test(`a tokenizer that makes ${truth} of one is known after a hundred answers`, async (t) => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = seeded(seed)
      const learnt = newCalibration()
      for (let i = 0; i < 100; i++) {
        const estimated = 50 + 3000 * random()
        learnTokens(learnt, estimated, Math.round(estimated * truth * Math.exp(0.12 * normal(random))))
      }
      const found = calibrated(1000, learnt) / 1000
      t.ok(Math.abs(found / truth - 1) < 0.05, `seed ${seed}: ${found}`)
    }
  })

t.test('the deviation becomes that of what came', async (t) => {
  const random = seeded(2)
  const learnt = newCalibration()
  for (let i = 0; i < 400; i++) learnTokens(learnt, 1000, 1000 * Math.exp(0.05 * normal(random)))
  t.ok(Math.abs(learnt.deviation - 0.05) < 0.02, `${learnt.deviation}`)
})

t.test('tiny prompts teach nothing: they are mostly template', async (t) => {
  const learnt = newCalibration()
  for (let i = 0; i < 100; i++) {
    learnTokens(learnt, 5, 80)
    learnTokens(learnt, 80, 5)
    learnTokens(learnt, 0, 0)
  }
  t.strictSame(learnt, newCalibration())
})

t.test('one absurd count does not spoil it', async (t) => {
  const learnt = newCalibration()
  for (let i = 0; i < 100; i++) learnTokens(learnt, 500, 600)
  learnTokens(learnt, 500, 5_000_000)
  t.ok(calibrated(500, learnt) < 700, `${calibrated(500, learnt)}`)
  for (let i = 0; i < 100; i++) learnTokens(learnt, 500, 600)
  t.ok(Math.abs(calibrated(500, learnt) / 600 - 1) < 0.05)
})
