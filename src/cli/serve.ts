/** `turnout serve`: configuration or a look around, then the gateway until a signal. */
import { parseArgs } from 'node:util'
import { type App, createApp } from '../app.ts'
import { defaultConfig, findConfig, loadConfig } from '../config/load.ts'
import { openDoor } from '../config/cross-checks.ts'
import { ConfigError } from '../config/issues.ts'
import { loadProviders } from '../config/providers.ts'
import type { BackendSpec, Config } from '../core/settings.ts'
import { startDemo } from '../demo/demo.ts'
import { detect } from '../fleet/detect.ts'
import { shadows } from '../route/shadow.ts'
import type { Io } from './io.ts'
import { untilSignal } from './ways-out.ts'

/** What runs beside the gateway and ends with it. */
interface Setup {
  readonly config: Config
  close(): Promise<void>
}

export async function serve(argv: string[], io: Io): Promise<number> {
  let options
  try {
    options = parseArgs({
      args: argv,
      options: { config: { type: 'string' }, host: { type: 'string' }, port: { type: 'string' } },
    }).values
  } catch (thrown) {
    io.stderr.write(`turnout serve: ${(thrown as Error).message}\n`)
    return 2
  }
  // From the first moment on: in a container nobody else answers a signal, and a stop would wait for the kill.
  let app: App | null = null
  const stopped = untilSignal(io, () => app?.log ?? null)
  let setup: Setup | null = null
  try {
    const address = addressOf(options, io.env)
    setup = await prepare(options.config, io)
    const config = { ...setup.config, server: { ...setup.config.server, ...address } }
    refuseOpenDoors(config, io.env['TURNOUT_AUTH'])
    app = await createApp({ config })
    const { url } = await app.listen()
    announce(app, url, config, io)
    await stopped
    return 0
  } catch (thrown) {
    io.stderr.write(`${words(thrown as NodeJS.ErrnoException)}\n`)
    return 1
  } finally {
    await app?.close()
    await setup?.close()
  }
}

function words(error: NodeJS.ErrnoException): string {
  if (error instanceof ConfigError) return error.message
  if (error.syscall === 'listen') return `${error.message}; choose another address with --host or --port`
  return `turnout: ${error.stack ?? error.message}`
}

async function prepare(asked: string | undefined, io: Io): Promise<Setup> {
  const providers = await loadProviders()
  const file = await findConfig(asked, io.env, io.cwd)
  if (file !== null) {
    const { config, warnings } = await loadConfig(file, io.env, providers)
    io.stderr.write(`configuration: ${file}\n`)
    for (const warning of warnings) io.stderr.write(`warning: ${warning}\n`)
    for (const { why } of shadows(config.routes, config.keys)) io.stderr.write(`warning: ${why}\n`)
    return { config, close: () => Promise.resolve() }
  }
  io.stderr.write('no configuration: looking for engines on this machine and for cloud keys in the environment\n')
  const host = io.env['TURNOUT_DETECT_HOST']
  const found = await detect({
    providers,
    env: io.env,
    ...(host === undefined || host === '' ? {} : { host, timeoutMs: 2_000 }),
  })
  for (const { line } of found) io.stderr.write(`found  ${line}\n`)
  if (found.some(({ usable }) => usable))
    return { config: defaultConfig(found.map(({ spec }) => spec)), close: () => Promise.resolve() }
  io.stderr.write(
    'found no model, so two simulated ones are served; they are made for trying the gateway and know nothing\n',
  )
  const demo = await startDemo()
  for (const backend of demo.backends) io.stderr.write(`demo   ${describe(backend)}\n`)
  // An engine without a model may get one while the gateway runs.
  return { config: defaultConfig([...found.map(({ spec }) => spec), ...demo.backends]), close: () => demo.close() }
}

const describe = (backend: BackendSpec): string => `${backend.name}  ${backend.models.join(', ')}`

/** What the command line, or else the environment, puts in the place of the file's address. An empty variable says nothing. */
function addressOf(
  options: { readonly host?: string | undefined; readonly port?: string | undefined },
  env: Io['env'],
): Partial<Pick<Config['server'], 'host' | 'port'>> {
  const host = options.host ?? env['TURNOUT_HOST']
  const port = options.port ?? env['TURNOUT_PORT']
  const source = options.port === undefined ? 'TURNOUT_PORT' : '--port'
  if (options.host === '') throw new ConfigError([{ path: '--host', message: 'is empty; write an address' }])
  if (port !== undefined && !(source === 'TURNOUT_PORT' && port === '') && !isPort(port))
    throw new ConfigError([{ path: source, message: `"${port}" is not a port; write a number from 0 to 65535` }])
  return {
    ...(host === undefined || host === '' ? {} : { host }),
    ...(port === undefined || port === '' ? {} : { port: Number(port) }),
  }
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65535

/** The file was judged with its own address; the command line or the environment may have given another one. */
function refuseOpenDoors(config: Config, wish: string | undefined): void {
  const { host, auth } = config.server
  const issues = wish === 'none' || config.keys.length > 0 ? [] : openDoor(host, auth)
  if (issues.length > 0) throw new ConfigError(issues)
}

function announce(app: App, url: string, config: Config, io: Io): void {
  for (const { name, kind, state, models, reason } of app.fleet.states()) {
    const count = models === 1 ? '1 model' : `${models} models`
    io.stderr.write(
      `  ${name.padEnd(14)} ${kind.padEnd(18)} ${state === 'ready' ? count : `${state}${reason === null ? '' : `: ${reason}`}`}\n`,
    )
  }
  // Behind a published port of a container the gateway cannot know by which address it is reached.
  const reached = (io.env['TURNOUT_PUBLIC_URL'] ?? '').replace(/\/+$/, '') || url
  const key = config.keys.length > 0 ? ' -H "authorization: Bearer $TURNOUT_KEY"' : ''
  io.stderr.write(
    `listening on ${url}\n\n  curl -N ${reached}/v1/chat/completions${key} -H 'content-type: application/json' \\\n    -d '{"model":"auto","stream":true,"messages":[{"role":"user","content":"Hello"}]}'\n\n`,
  )
}
