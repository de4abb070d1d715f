/** `turnout replay --config A --against B SOURCE`: what another configuration would have made of the requests of a log or a ledger. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigError } from '../config/issues.ts'
import { findConfig, loadConfig } from '../config/load.ts'
import { loadProviders } from '../config/providers.ts'
import { type ReplayPolicy, policyOf } from '../replay/policy.ts'
import { Replay } from '../replay/replay.ts'
import { reportOf } from '../replay/report.ts'
import { KeyFileError } from '../keys/key-file.ts'
import type { Io } from './io.ts'
import { keysOfConfig } from './keys-of-config.ts'
import { damageWords } from './ledger-damage.ts'
import { NoLedger, requestsOf } from './replay-source.ts'
import { replayTable } from './replay-table.ts'
import { DamageCount } from '../ledger/damage.ts'

const USAGE =
  'usage: turnout replay [--config FILE] --against FILE SOURCE [--json] [--verbose]\n' +
  '       SOURCE is the folder of a ledger, a segment of it, or a file with the log of a gateway or what\n' +
  '       `turnout ledger --decisions` prints; - is standard input. --config is the configuration that gateway ran with\n'

const OPTIONS = {
  config: { type: 'string' },
  against: { type: 'string' },
  json: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
} as const

/** Exit code 0: requests were compared, 1: none, or a file cannot be read, 2: wrong usage. */
export async function replay(argv: string[], io: Io): Promise<number> {
  let parsed
  try {
    parsed = parseArgs({ args: argv, options: OPTIONS, allowPositionals: true })
  } catch (thrown) {
    io.stderr.write(`turnout replay: ${(thrown as Error).message}\n${USAGE}`)
    return 2
  }
  const { values, positionals } = parsed
  const [source, ...more] = positionals
  const config = await findConfig(values.config, io.env, io.cwd)
  if (source === undefined || more.length > 0 || values.against === undefined || config === null) {
    if (source !== undefined && values.against === undefined) io.stderr.write('turnout replay: --against is missing\n')
    else if (config === null) io.stderr.write('turnout replay: no configuration found; give --config\n')
    io.stderr.write(USAGE)
    return 2
  }
  try {
    const [a, b] = [await policyFrom(config, io), await policyFrom(resolve(io.cwd, values.against), io)]
    const sums = new Replay(a, b)
    await read(source, sums, values.verbose, io)
    const report = reportOf(sums)
    io.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : replayTable(report))
    return report.requests > 0 ? 0 : 1
  } catch (thrown) {
    const { code, syscall } = thrown as NodeJS.ErrnoException
    if (thrown instanceof ConfigError) io.stderr.write(`turnout replay: ${thrown.message}\n`)
    else if (thrown instanceof KeyFileError) io.stderr.write(`turnout replay: the key file ${thrown.message}\n`)
    else if (thrown instanceof NoLedger) io.stderr.write(`turnout replay: ${source}: holds no segment of a ledger\n`)
    else if (code !== undefined && syscall !== undefined)
      io.stderr.write(`turnout replay: ${source}: cannot be read (${code})\n`)
    else throw thrown
    return 1
  }
}

async function policyFrom(file: string, io: Io): Promise<ReplayPolicy> {
  const { config } = await loadConfig(file, io.env, await loadProviders())
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
