/** `turnout simulate --trace FILE`: how policies would have placed a recorded load on a fleet of simulated engines. */
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { parseConfig } from '../config/load.ts'
import { loadProviders } from '../config/providers.ts'
import type { PolicySettings } from '../core/settings.ts'
import { inSlices } from '../core/slices.ts'
import { burstOf, changedLoad, deathOf, secondsOf } from '../simulate/conditions.ts'
import { fleetOf } from '../simulate/fleet-spec.ts'
import { comparedOf, type Compared } from '../simulate/compared.ts'
import { policyNamed, type SimulatedPolicy } from '../simulate/policies.ts'
import { POLICY_NAMES } from '../simulate/policy-names.ts'
import { type Setting, simulate as simulated } from '../simulate/run.ts'
import { configText } from '../simulate/settings.ts'
import { TraceError, traceOf, type TraceRequest } from '../simulate/trace.ts'
import { linesOf } from '../store/lines.ts'
import { type CallOf, UsageError } from './command.ts'
import type { Io } from './io.ts'
import { Refused } from './refused.ts'
import type { SIMULATE } from './rows/fleet.ts'
import { comparedTable } from './simulate-table.ts'

/** Exit code 0: the simulation ran, 1: the trace cannot be read, 2: wrong usage. */
export async function simulate({ flags }: CallOf<typeof SIMULATE>, io: Io): Promise<number> {
  const fleet = sound('--fleet', null, fleetOf(flags.fleet))
  const policies = policiesOf(flags.policies)
  const seeds = flags.seeds.split(',').map((seed) => wholeOf('--seeds', seed, 0))
  const burst = flags.burst === undefined ? null : sound('--burst', flags.burst, burstOf(flags.burst))
  const death = flags.death === undefined ? null : sound('--death', flags.death, deathOf(flags.death, fleet.length))
  const rate = Number(flags.rate)
  if (!(rate > 0 && rate < Infinity)) throw new UsageError(`--rate: "${flags.rate}" is not a number above 0`)
  const models = wholeOf('--models', flags.models, 1, MOST_MODELS)
  const setting = {
    fleet,
    models,
    gateways: wholeOf('--gateways', flags.gateways, 1, MOST_GATEWAYS),
    ...staleOf(flags.stale),
    deaths: death === null ? [] : [death],
  }
  const limit = flags.limit === undefined ? null : wholeOf('--limit', flags.limit, 1)
  const recorded = await read(flags.trace, io)
  if (recorded.length === 0) throw new Refused(`${flags.trace}: has no requests`)
  const trace = changedLoad(recorded, { rate, burst, limit })
  const { config } = parseConfig(configText(fleet, models), {}, await loadProviders())
  const progress = progressOn(io, policies.length * seeds.length)
  const all: Compared[] = []
  for (const policy of policies) {
    const outcomes = []
    for (const seed of seeds)
      outcomes.push(await runOf(policy, { ...setting, trace, seed }, config, progress(policy.name)))
    all.push(comparedOf(policy.name, outcomes))
  }
  progress.end()
  io.stdout.write(flags.json ? `${JSON.stringify(jsonOf(all))}\n` : comparedTable(all, trace.length))
  return 0
}

const runOf = (
  { newRouter }: SimulatedPolicy,
  setting: Setting,
  settings: PolicySettings,
  progress: (share: number) => void,
) => inSlices(simulated(setting, newRouter(setting.fleet, settings), progress))

async function read(file: string, io: Io): Promise<readonly TraceRequest[]> {
  const stream = file === '-' ? io.stdin : createReadStream(resolve(io.cwd, file), { highWaterMark: 1 << 20 })
  try {
    return await traceOf(linesOf(stream))
  } catch (thrown) {
    if (thrown instanceof TraceError) throw new Refused(`${file}: ${thrown.message}`)
    const { code, syscall } = thrown as NodeJS.ErrnoException
    if (code === undefined || syscall === undefined) throw thrown
    throw new Refused(`${file}: cannot be read (${code})`)
  }
}

function policiesOf(text: string | undefined): readonly SimulatedPolicy[] {
  const names = text === undefined ? POLICY_NAMES : text.split(',').map((name) => name.trim())
  return [...new Set(names)].map((name) => sound('--policies', null, policyNamed(name)))
}

const SCRAPE_SECONDS = 1

function staleOf(text: string | undefined): Pick<Setting, 'scrapeSeconds' | 'stale'> {
  if (text === undefined) return { scrapeSeconds: SCRAPE_SECONDS, stale: false }
  if (text === 'never') return { scrapeSeconds: null, stale: false }
  const seconds = secondsOf(text)
  if (seconds === null) throw new UsageError(`--stale: "${text}" is not a time; write it like 5s, or never`)
  return { scrapeSeconds: seconds, stale: true }
}

/** What was read from a flag; a text says what is wrong with it. */
function sound<T extends object>(flag: string, given: string | null, read: T | string): T {
  if (typeof read !== 'string') return read
  throw new UsageError(given === null ? `${flag}: ${read}` : `${flag}: "${given}": ${read}`)
}

/** More of them would take all memory before the first request. */
const MOST_GATEWAYS = 64
const MOST_MODELS = 1_000

function wholeOf(flag: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const number = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(number) && number >= least && number <= most) return number
  const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`
  throw new UsageError(`${flag}: "${text}" is not a whole number ${range}`)
}

/** One line that is overwritten again and again, on a terminal. */
function progressOn(io: Io, runs: number) {
  const shown = 'isTTY' in io.stderr && io.stderr.isTTY === true
  let run = 0
  const of = (name: string): ((share: number) => void) => {
    run++
    const line = `${run}/${runs} ${name}`
    if (shown) io.stderr.write(`\r\u001b[K${line}`)
    return (share) => {
      if (shown) io.stderr.write(`\r\u001b[K${line} ${Math.floor(100 * share)} %`)
    }
  }
  return Object.assign(of, {
    end: (): void => {
      if (shown) io.stderr.write('\r\u001b[K')
    },
  })
}

const jsonOf = (all: readonly Compared[]) => ({
  policies: Object.fromEntries(all.map(({ policy, ...figures }) => [policy, figures])),
})
