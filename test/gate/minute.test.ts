import t from 'tap'
import { Minute, MINUTE_MS } from '../../src/backends/gate/minute.ts'
import { seeded } from '../support/random.ts'

t.test(
  'the minute agrees with a list of all that was ever sent, whatever is settled, taken back or passes',
  async (t) => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed)
      const minute = new Minute()
      const all: { at: number; tokens: number; sent: boolean; own: ReturnType<Minute['add']> }[] = []
      let now = 0
      for (let step = 0; step < 400; step++) {
        now += Math.floor(random() * 1500)
        minute.pass(now)
        const tokens = Math.floor(random() * 100)
        const some = all[Math.floor(random() * all.length)]
        const what = random()
        if (what < 0.6 || some === undefined) all.push({ at: now, tokens, sent: true, own: minute.add(now, tokens) })
        else if (what < 0.9) {
          minute.settle(some.own, tokens)
          if (some.at + MINUTE_MS > now) some.tokens = tokens
        } else {
          minute.remove(some.own)
          some.sent = false
        }
        const inside = all.filter(({ at, sent }) => sent && at + MINUTE_MS > now)
        t.equal(minute.calls, inside.length)
        t.equal(minute.tokens, inside.reduce((sum, one) => sum + one.tokens, 0)) // prettier-ignore
        const most = Math.floor(random() * inside.length)
        t.equal(
          minute.callsAt(most),
          inside.length <= most ? -Infinity : inside[inside.length - most - 1]!.at + MINUTE_MS,
        )
        const left = Math.floor(random() * minute.tokens)
        const at = minute.tokensAt(left)
        const after = (time: number): number =>
          inside.filter((one) => one.at + MINUTE_MS > time).reduce((sum, one) => sum + one.tokens, 0)
        if (at > now) t.ok(after(at) <= left && after(at - 1) > left, 'the first moment at which so many are left')
        else t.ok(minute.tokens <= left)
      }
    }
  },
)
