/** What a command that needs backends works with: the configuration, or what a look around finds. */
import { resolve } from 'node:path'
import { defaultConfig, findConfig, loadConfig } from '../config/load.ts'
import { FILE_NAME, nearFile } from '../config/file-text.ts'
import { loadProviders } from '../config/providers.ts'
import type { Provider } from '../core/provider.ts'
import type { Config } from '../core/settings.ts'
import { startDemo } from '../demo/demo.ts'
import { wrapped } from '../core/wrapped.ts'
import { detect, type EngineSearch } from '../backends/fleet/detect.ts'
import { shadows } from '../decision/route/unreachable.ts'
import type { Io } from './io.ts'
import { Lookout } from './lookout.ts'

/** The configuration, and what runs beside the gateway and ends with it. */
export interface Setup {
  readonly config: Config
  /** Null where the configuration says which backends there are, and lists no hosts to look at. */
  readonly lookout: Lookout | null
  /** What the backends of a file are compared with; those that were found are what they are. */
  readonly kinds?: readonly Provider[]
  close(): Promise<void>
}

export interface SetupOptions {
  /** How often engines are looked for again. */
  readonly everyMs?: number
  /** As in EngineSearch. */
  readonly ports?: Readonly<Record<string, readonly number[]>>
  /** How a file is read, where not all of it must hold. */
  readonly load?: typeof loadConfig
}

/** Often enough for somebody who has just started an engine, and nothing that a machine would notice. */
const EVERY_MS = 30_000

/** Says on standard error what it took. `asked`: the value of --config. Throws a ConfigError. */
export async function prepare(asked: string | undefined, io: Io, options: SetupOptions = {}): Promise<Setup> {
  const providers = await loadProviders()
  const file = await findConfig(asked, io.env, io.cwd)
  if (file !== null) {
    const { config, warnings } = await (options.load ?? loadConfig)(file, io.env, providers)
    io.stderr.write(`configuration: ${file}\n`)
    sayDotEnv(io)
    for (const warning of warnings) io.stderr.write(`warning: ${warning}\n`)
    for (const { why } of shadows(config.routes, config.keys)) io.stderr.write(`warning: ${why}\n`)
    const lookout = lanLookout(config, providers, options)
    return { config, lookout, kinds: [...providers.values()], close: () => lookout?.close() ?? Promise.resolve() }
  }
  sayDotEnv(io)
  const near = await nearFile(resolve(io.cwd, FILE_NAME))
  if (near !== null) io.stderr.write(`${near} is not read: name it ${FILE_NAME}, or write --config ${near}\n`)
  io.stderr.write('no configuration: looking for engines on this machine and for cloud keys\n')
  const { everyMs = EVERY_MS, ports } = options
  const search = { ...searchOf(io.env, providers), ...(ports === undefined ? {} : { ports }) }
  const found = await detect(search)
  const backends = found.map(({ spec }) => spec)
  if (found.some(({ usable }) => usable)) {
    const lookout = new Lookout(search, { everyMs, simulated: [], fixed: [], atOnce: false })
    return { config: defaultConfig(backends, io.env), lookout, close: () => lookout.close() }
  }
  io.stderr.write('found none: serving two simulated models to try the gateway with\n')
  const demo = await startDemo()
  const lookout = new Lookout(search, { everyMs, simulated: demo.backends, fixed: [], atOnce: false })
  return {
    // An engine without a model may get one while the gateway runs.
    config: defaultConfig([...backends, ...demo.backends], io.env),
    lookout,
    async close() {
      await lookout.close()
      // Not sooner: requests that began before an engine appeared may still ask it.
      await demo.close()
    },
  }
}

/** A machine that is switched off answers nothing, not even that nobody is there. */
const LAN_MS = 2_000

function lanLookout(
  { lan, backends }: Config,
  providers: EngineSearch['providers'],
  { everyMs = EVERY_MS, ports }: SetupOptions,
): Lookout | null {
  if (lan.length === 0) return null
  const search = { providers, env: {}, hosts: lan, timeoutMs: LAN_MS, ...(ports === undefined ? {} : { ports }) }
  return new Lookout(search, { everyMs, simulated: [], fixed: backends, atOnce: true })
}

/** Where engines are looked for. */
export function searchOf(env: Io['env'], providers: EngineSearch['providers']): EngineSearch {
  const host = env['TURNOUT_DETECT_HOST'] ?? ''
  return { providers, env, ...(host === '' ? {} : { host, timeoutMs: 2_000 }) }
}

/** Names only: the values are keys, most of them. */
function sayDotEnv({ dotEnv, stderr }: Io): void {
  if (dotEnv === undefined) return
  const { path, taken, warnings } = dotEnv
  stderr.write(
    wrapped(`from ${path}: ${taken.length === 0 ? 'nothing that is not set already' : taken.join(', ')}`, 80),
  )
  for (const warning of warnings) stderr.write(wrapped(`warning: ${warning}`, 80))
}
