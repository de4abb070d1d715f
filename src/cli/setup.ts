/** What a command that needs backends works with: the configuration, or what a look around finds. */
import { defaultConfig, findConfig, loadConfig } from '../config/load.ts'
import { loadProviders } from '../config/providers.ts'
import type { Config } from '../core/settings.ts'
import { startDemo } from '../demo/demo.ts'
import { detect } from '../backends/fleet/detect.ts'
import { shadows } from '../decision/route/unreachable.ts'
import type { Io } from './io.ts'

/** The configuration, and what runs beside the gateway and ends with it. */
export interface Setup {
  readonly config: Config
  close(): Promise<void>
}

/** Says on standard error what it took. `asked`: the value of --config. Throws a ConfigError. */
export async function prepare(asked: string | undefined, io: Io): Promise<Setup> {
  const providers = await loadProviders()
  const file = await findConfig(asked, io.env, io.cwd)
  if (file !== null) {
    const { config, warnings } = await loadConfig(file, io.env, providers)
    io.stderr.write(`configuration: ${file}\n`)
    for (const warning of warnings) io.stderr.write(`warning: ${warning}\n`)
    for (const { why } of shadows(config.routes, config.keys)) io.stderr.write(`warning: ${why}\n`)
    return { config, close: () => Promise.resolve() }
  }
  io.stderr.write('no configuration: looking for engines on this machine and for cloud keys\n')
  const host = io.env['TURNOUT_DETECT_HOST']
  const found = await detect({
    providers,
    env: io.env,
    ...(host === undefined || host === '' ? {} : { host, timeoutMs: 2_000 }),
  })
  if (found.some(({ usable }) => usable))
    return { config: defaultConfig(found.map(({ spec }) => spec)), close: () => Promise.resolve() }
  io.stderr.write('found none: two simulated models answer, to try the gateway with\n')
  const demo = await startDemo()
  // An engine without a model may get one while the gateway runs.
  return { config: defaultConfig([...found.map(({ spec }) => spec), ...demo.backends]), close: () => demo.close() }
}
