/** `turnout replay --config A --against B SOURCE`: what another configuration would have made of the requests of a log or a ledger. */
import { resolve } from 'node:path'
import { findConfig } from '../config/load.ts'
import { loadProviders } from '../config/providers.ts'
import { loadView, needKnown } from '../config/view.ts'
import { type ReplayPolicy, policyOf } from '../replay/policy.ts'
import { Replay } from '../replay/replay.ts'
import { reportOf } from '../replay/report.ts'
import { type CallOf, UsageError } from './command.ts'
import type { Io } from './io.ts'
import { keysOfConfig } from './keys-of-config.ts'
import type { REPLAY } from './rows/decide.ts'
import { damageWords } from './ledger-damage.ts'
import { Refused } from './refused.ts'
import { requestsOf } from './replay-source.ts'
import { replayTable } from './replay-table.ts'
import { DamageCount } from '../ledger/damage.ts'

/** Exit code 0: requests were compared, 1: none, or a file cannot be read, 2: wrong usage. */
export async function replay({ flags: values, args }: CallOf<typeof REPLAY>, io: Io): Promise<number> {
  const { source } = args
  const config = await findConfig(values.config, io.env, io.cwd)
  if (config === null) throw new UsageError('no configuration found; give --config')
  try {
    const [a, b] = [await policyFrom(config, io), await policyFrom(resolve(io.cwd, values.against), io)]
    const sums = new Replay(a, b)
    await read(source, sums, values.verbose, io)
    const report = reportOf(sums)
    io.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : replayTable(report))
    return report.requests > 0 ? 0 : 1
  } catch (thrown) {
    const { code, syscall } = thrown as NodeJS.ErrnoException
    if (code === undefined || syscall === undefined) throw thrown
    throw new Refused(`${source}: cannot be read (${code})`)
  }
}

async function policyFrom(file: string, io: Io): Promise<ReplayPolicy> {
  const { config } = await loadView(file, io.env, await loadProviders())
  needKnown(config, file, 'store.keys', 'routes', 'models')
  const keys = await keysOfConfig(config, 'turnout replay', io)
  return policyOf(config, keys.specs)
}

async function read(source: string, sums: Replay, verbose: boolean, io: Io): Promise<void> {
  const damage = new DamageCount()
  for await (const { read, place } of requestsOf(source, io, damage)) {
    if (typeof read !== 'string') {
      sums.add(read)
      continue
    }
    sums.skip(read)
    if (verbose && read !== 'other_lines') io.stderr.write(`${place}: ${WHY[read]}\n`)
  }
  for (const words of damageWords(damage)) io.stderr.write(`turnout replay: ${words}\n`)
}

const WHY = {
  unreadable: 'not JSON',
  cut_off: 'cut off',
  brief: 'a request without its decision',
  left_out: 'a request without its decision',
  undecided: 'a request without a decision that can be replayed',
} as const
