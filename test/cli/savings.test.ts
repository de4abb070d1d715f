/** `turnout savings`: what it says of a ledger, and what it does not say. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import type { RequestRecord } from '../../src/core/request-record.ts'
import { trialOf } from '../../src/core/trial.ts'
import { ANSWERED, finished } from '../ledger/finished.ts'
import { opened } from '../ledger/opened.ts'
import { cost } from '../support/factories.ts'
import { type Ran, runHere, unwrapped } from './turnout.ts'

const BACKENDS = [{ name: 'a', kind: 'openai-compatible', url: 'http://127.0.0.1:9', models: ['m'] }]

/** In one line. */
const flat = (text: string): string => text.replace(/\s+/g, ' ')

const run = async (cwd: string, ...args: string[]): Promise<Ran> => {
  const ran = await runHere(['savings', ...args], { cwd })
  t.strictSame(ran.out.split('\n').filter((line) => line.length > 80), [], 'in 80 columns') // prettier-ignore
  return { ...ran, err: unwrapped(ran.err) }
}

/** A folder with `turnout.yaml` and a ledger with these requests. */
async function kept(t: Test, requests: readonly Partial<RequestRecord>[]): Promise<string> {
  const cwd = t.testdir({})
  await writeFile(join(cwd, 'turnout.yaml'), stringify({ backends: BACKENDS, store: { ledger: './data' } }))
  const { ledger } = await opened(join(cwd, 'data'))
  for (const request of requests) ledger.onCompleted(finished(request))
  await ledger.close()
  return cwd
}

interface Taken {
  readonly nanoUsd: number | null
  readonly success?: boolean
}

/** `talks` conversations of two turns: those of the control group, and those that are chosen for. */
function talks(number: number, control: Taken, rest: Taken, route = 'default'): Partial<RequestRecord>[] {
  return Array.from({ length: 2 * number }, (_, at) => {
    const affinity = `talk-${Math.floor(at / 2)}`
    const trial = trialOf('routing', affinity, 0.25)
    const { nanoUsd, success = true } = trial.control ? control : rest
    const amount = nanoUsd === null ? null : cost(Math.round(nanoUsd * (1 + (at % 7) / 10)))
    return { id: `r-${at}`, route, affinity, trials: [trial], success, attempts: [{ ...ANSWERED, cost: amount }] }
  })
}

t.test('the measured difference of each figure with its interval, and what it comes to', async (t) => {
  const cwd = await kept(t, [...talks(400, { nanoUsd: 5_000_000 }, { nanoUsd: 1_000_000 }), { id: 'other' }])
  const { code, out, err } = await run(cwd)
  t.strictSame([code, err], [0, ''])
  const told = flat(out)
  t.match(told, /^measured since 20\d\d-\d\d-\d\d \d\d:\d\d UTC /)
  t.match(told, /route default, routing: 25 % of the requests get any able candidate, taken at random/)
  t.match(out, /^ {2}control +\d+ requests, \d+ useful answers$/m)
  t.match(out, /^ {2}cost per answer +\$0\.0065\d? +\$0\.001\d+ +-\$0\.005\d+ +-\$0\.005\d+ to -\$0\.005\d+$/m)
  t.match(out, /^ {2}tokens per answer +18 +18 +0 +0 to 0$/m)
  t.match(out, /^ {2}useful answers +100 % +100 % +0 % +-[\d.]+ % to \+[\d.]+ %$/m)
  t.match(told, /The useful answers of the rest cost \$[\d.]+ less than without it \(\$[\d.]+ to \$[\d.]+\): (79|80)[\d.]* % \([\d.]+ % to [\d.]+ %\)\./) // prettier-ignore
  t.match(told, /No difference can be told yet in .*useful answers.*: \d+ control requests are too few, or there is none\./) // prettier-ignore
  t.match(told, /1 request had no part in this\./)
})

t.test('a feature that costs more than it saves is told so', async (t) => {
  const cwd = await kept(t, talks(300, { nanoUsd: 1_000_000 }, { nanoUsd: 2_000_000 }))
  t.match(flat((await run(cwd)).out), /The useful answers of the rest cost \$[\d.]+ more than without it \(\$/)
})

t.test('with few requests, or without prices, no figure stands for a difference', async (t) => {
  const few = await run(await kept(t, talks(20, { nanoUsd: 9 }, { nanoUsd: 1 })))
  t.match(flat(few.out), /No difference can be told yet: \d+ control requests are too few, or there is none\./)
  t.notMatch(few.out, /%$|less than/m, 'no interval and no saving')
  const unpriced = flat((await run(await kept(t, talks(300, { nanoUsd: null }, { nanoUsd: 1 })))).out)
  t.match(unpriced, /cost per answer +- +- +- +- /)
  t.match(unpriced, /Costs cannot be compared: for \d+ requests no price is known\. Set a `price`/)
})

t.test('without a control group it says how to get one, and calls an estimate by its name', async (t) => {
  const cwd = await kept(t, [{ id: 'r' }])
  const { code, out } = await run(cwd)
  t.equal(code, 0)
  t.match(flat(out), /none of 1 request was of a route with a control group.*control: 5%.*estimates: `turnout replay`/)
  t.match((await run(cwd, '--json')).out, /"savings": \[\],\n {2}"unmeasured_requests": 1/)
})

t.test('for programs, by route, and since when', async (t) => {
  const old = talks(40, { nanoUsd: 1 }, { nanoUsd: 1 }, 'other').map((one) => ({ ...one, endedAt: Date.now() - 9e8 }))
  const cwd = await kept(t, [...old, ...talks(300, { nanoUsd: 5e6 }, { nanoUsd: 1e6 })])
  const json = async (...args: string[]): Promise<{ savings: { route: string }[]; unmeasured_requests: number }> =>
    JSON.parse((await run(cwd, '--json', ...args)).out) as Awaited<ReturnType<typeof json>>
  t.match(await json(), {
    savings: [
      {
        route: 'default',
        feature: 'routing',
        share: 0.25,
        cost_per_success_usd: { difference: { value: Number, low: Number, high: Number }, why: null },
        saved: { usd: { value: Number } },
      },
    ],
  })
  t.equal((await json('--since', '30d')).savings.length, 2)
  t.strictSame(
    (await json('--since', '30d', '--route', 'other')).savings.map(({ route }) => route),
    ['other'],
  )
})

t.test('wrong usage and a missing ledger are told', async (t) => {
  const cwd = t.testdir({})
  await writeFile(join(cwd, 'turnout.yaml'), stringify({ backends: BACKENDS }))
  const none = await run(cwd)
  t.strictSame([none.code, none.out], [1, ''])
  t.match(none.err, /no configuration names a folder in `store.ledger`/)
  t.equal((await run(cwd, '--since', 'yesterday')).code, 2)
  t.match(await run(cwd, '--folder', 'nowhere'), { code: 1, err: /no such folder/ })
})
