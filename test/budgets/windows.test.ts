import t from 'tap'
import { windowOf } from '../../src/budgets/windows.ts'

const iso = (ms: number): string => new Date(ms).toISOString()

t.test('windows of the calendar', async (t) => {
  for (const [per, at, from, to] of [
    ['minute', '2026-11-23T10:20:59.999Z', '2026-11-23T10:20:00.000Z', '2026-11-23T10:21:00.000Z'],
    ['minute', '2026-11-23T10:21:00.000Z', '2026-11-23T10:21:00.000Z', '2026-11-23T10:22:00.000Z'],
    ['hour', '2026-11-23T23:59:59.000Z', '2026-11-23T23:00:00.000Z', '2026-11-24T00:00:00.000Z'],
    ['day', '2028-02-29T12:00:00.000Z', '2028-02-29T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
    ['month', '2028-02-29T23:59:59.999Z', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
    ['month', '2026-12-31T23:59:59.999Z', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ] as const) {
    const { startsAt, endsAt } = windowOf(per, Date.parse(at))
    t.strictSame([iso(startsAt), iso(endsAt)], [from, to], `${per} ${at}`)
  }
  t.strictSame(windowOf(null, 5), { startsAt: 0, endsAt: Infinity })
})
