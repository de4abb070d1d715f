/** Prompts that begin alike, on simulated engines: what is shared draws them together, and never onto one engine. */
import t from 'tap'
import { parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'
import { atOnce } from '../../src/core/slices.ts'
import type { Outcome } from '../../src/simulate/figures.ts'
import { fleetOf, type Member } from '../../src/simulate/fleet-spec.ts'
import { policyNamed, type SimulatedPolicy } from '../../src/simulate/policies.ts'
import { simulate } from '../../src/simulate/run.ts'
import { configText } from '../../src/simulate/settings.ts'
import type { TraceRequest } from '../../src/simulate/trace.ts'
import { seeded } from '../support/random.ts'

t.setTimeout(120_000)

const PROVIDERS = await loadProviders()
const TURNOUT = policyNamed('turnout') as SimulatedPolicy
/** A second of reading at speed 1. */
const READ = 8_000

interface Load {
  readonly requests: number
  /** Blocks that all prompts begin with, and that each has of its own; null: from 2 to 14. */
  readonly shared: number
  readonly own: number | null
  readonly perSecond: number
}

/** As they come by chance. */
function traceOf({ requests, shared, own, perSecond }: Load, seed: number): readonly TraceRequest[] {
  const random = seeded(seed)
  let at = 0
  let next = shared
  return Array.from({ length: requests }, () => {
    at -= Math.log(1 - random()) / perSecond
    const blocks = Array.from({ length: shared + (own ?? 2 + Math.floor(13 * random())) }, (_, place) =>
      place < shared ? place : next++,
    )
    return { at, input: 512 * blocks.length, output: 1 + Math.floor(100 * random()), blocks }
  })
}

function run(fleet: string, load: Load, seed: number, scrapeSeconds: number | null = 1): Outcome {
  const members = fleetOf(fleet) as readonly Member[]
  const setting = { fleet: members, gateways: 1, models: 1, stale: false, deaths: [], seed, scrapeSeconds }
  const { config } = parseConfig(configText(members, 1), {}, PROVIDERS)
  return atOnce(simulate({ ...setting, trace: traceOf(load, seed) }, TURNOUT.newRouter(members, config)))
}

const sharesOf = ({ engines, requests }: Outcome): number[] => engines.map(({ calls }) => calls / requests)

/** Requests in a second that so many engines of speed 1 can read, once they have what is shared. */
const most = ({ own }: { readonly own: number }, engines: number): number => (engines * READ) / (512 * own)

for (const engines of [2, 4, 8])
  for (const [shared, own] of [
    [2, 4],
    [8, 4],
    [40, 4],
  ] as const)
    t.test(`${engines} equal engines: ${shared} blocks that all share of ${shared + own}`, async (t) => {
      for (const busy of [0.3, 0.7, 0.95])
        for (const seed of [1, 2]) {
          const load = { requests: 400, shared, own, perSecond: busy * most({ own }, engines) }
          const outcome = run(`${engines}x1`, load, seed, seed === 1 ? 1 : null)
          const said = `${busy} busy, seed ${seed}: ${sharesOf(outcome)
            .map((share) => share.toFixed(2))
            .join(' ')}`
          // One engine could not do it alone: a queue never forms at one while another has nothing to do.
          const fair = busy * engines > 1 ? 1.6 / engines : 1
          t.ok(Math.max(...sharesOf(outcome)) <= fair, said)
          t.ok(outcome.ttft!.p99 < (20 * 512 * (shared + own)) / READ, `${said}: ${outcome.ttft!.p99} s`)
        }
    })

for (const fleet of ['2,1', '4,1', '2,1,1', '2,2,1,1,.5,.5'])
  for (const uniform of [true, false])
    t.test(`${fleet} with too much to do, prompts ${uniform ? 'of one length' : 'short and long'}`, async (t) => {
      const speed = (fleetOf(fleet) as readonly Member[]).reduce((sum, one) => sum + one.speed, 0)
      for (const seed of [1, 2, 3]) {
        const load = { requests: 1_500, shared: 4, own: uniform ? 8 : null, perSecond: 1.3 * most({ own: 8 }, speed) }
        // Who works all the time does its share, whatever its speed is; who was given too much is the last to be done.
        const busy = run(fleet, load, seed).engines.map(({ busySeconds }) => busySeconds)
        t.ok(
          Math.min(...busy) > 0.9 * Math.max(...busy),
          `seed ${seed}: ${busy.map((one) => one.toFixed(0)).join(' ')}`,
        )
      }
    })
