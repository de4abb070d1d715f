import t from 'tap'
import { duration, durationText, size, sizeText } from '../../src/core/units.ts'

t.test('durations are milliseconds', async (t) => {
  for (const [text, ms] of [
    ['1ms', 1],
    ['500ms', 500],
    ['2s', 2000],
    ['1.5s', 1500],
    ['10 m', 600_000],
    ['24h', 86_400_000],
  ] as const)
    t.equal(duration.parse(text), ms, text)
})

t.test('sizes are bytes', async (t) => {
  for (const [text, bytes] of [
    ['1B', 1],
    ['512KiB', 524_288],
    ['32MiB', 33_554_432],
    ['1GB', 1_000_000_000],
    ['0.5GiB', 536_870_912],
  ] as const)
    t.equal(size.parse(text), bytes, text)
})

t.test('what is no quantity is refused', async (t) => {
  for (const wrong of ['', '5', 's', '-1s', '0s', '0.1ms', '1e3s', '1S', '1d', '25h', '1sm', '1s 2m', '٣s', 5, null])
    t.notOk(duration.safeParse(wrong).success, `duration ${String(wrong)}`)
  for (const wrong of ['32', '32mb', '1TiB', '2GiB', '0B', '-1MiB', 32])
    t.notOk(size.safeParse(wrong).success, `size ${String(wrong)}`)
})

t.test('the shortest text is read as the same', async (t) => {
  for (const [ms, text] of [
    [1, '1ms'],
    [1500, '1500ms'],
    [2000, '2s'],
    [90_000, '90s'],
    [600_000, '10m'],
    [3_600_000, '1h'],
  ] as const) {
    t.equal(durationText(ms), text)
    t.equal(duration.parse(text), ms)
  }
  for (const [bytes, text] of [
    [1000, '1000B'],
    [1024, '1KiB'],
    [33_554_432, '32MiB'],
    [1_073_741_824, '1GiB'],
  ] as const) {
    t.equal(sizeText(bytes), text)
    t.equal(size.parse(text), bytes)
  }
})
