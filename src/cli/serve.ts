/** `turnout serve`: configuration or a look around, then the gateway until a signal. */
import type { App } from '../app.ts'
import { hostPattern } from '../config/browsers.ts'
import { openDoor, samePort } from '../config/cross-checks.ts'
import { ConfigError } from '../config/issues.ts'
import { asksForKeys } from '../keys/asks-for-keys.ts'
import { KeyFileError } from '../keys/key-file.ts'
import type { Config } from '../core/settings.ts'
import type { CallOf } from './command.ts'
import type { Io } from './io.ts'
import type { SERVE } from './rows/run.ts'
import { screenOf } from './screen.ts'
import { portTaken } from './port-taken.ts'
import { prepare, type Setup } from './setup.ts'
import { startScreen } from './start-screen.ts'
import { unwritable } from './store-places.ts'
import { untilSignal } from './ways-out.ts'
import { growYoungSpace } from './young-space.ts'

export async function serve({ flags: options }: CallOf<typeof SERVE>, io: Io): Promise<number> {
  // From the first moment on: in a container nobody else answers a signal, and a stop would wait for the kill.
  let app: App | null = null
  const stopped = untilSignal(io, () => app)
  let setup: Setup | null = null
  try {
    const address = addressOf(options, io.env)
    setup = await prepare(options.config, io)
    const server = { ...setup.config.server, ...address }
    const hosts = [...server.hosts, ...hostsOf(io.env['TURNOUT_HOSTS'] ?? '')]
    const config = { ...setup.config, server: { ...server, hosts } }
    refuse(config, io.env['TURNOUT_AUTH'])
    await refuseUnwritable(config, io)
    // Loaded only for a configuration that it can start with.
    const { createApp } = await import('../app.ts')
    app = await createApp({ config, kinds: setup.kinds ?? [], env: io.env, screen: screenOf(io.stdout, io.env) })
    const listening = await app.listen()
    growYoungSpace()
    await announce(app, listening, config, io)
    setup.lookout?.follow(app, config)
    await stopped
    return 0
  } catch (thrown) {
    io.stderr.write(`${await words(thrown as ListenFault)}\n`)
    return 1
  } finally {
    await setup?.lookout?.close()
    await app?.close()
    await setup?.close()
  }
}

interface ListenFault extends NodeJS.ErrnoException {
  readonly address?: string
  readonly port?: number
  /** Whose address was looked for. */
  readonly hostname?: string
}

async function words(error: ListenFault): Promise<string> {
  if (error instanceof ConfigError) return error.message
  if (error instanceof KeyFileError) return `store.keys: the file ${error.message}`
  const { address: host, port } = error
  if (error.code === 'EADDRINUSE' && host !== undefined && port !== undefined) return await portTaken({ host, port })
  if (error.syscall === 'listen') return `${error.message}; choose another address with --host or --port`
  if (error.syscall === 'getaddrinfo')
    return `${error.hostname ?? 'the host'}: no such host is known (${error.code ?? 'unknown error'}); choose another address with --host`
  return `turnout: ${error.stack ?? error.message}`
}

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

/** Names beside those of the file: "gateway, *.example.com". */
function hostsOf(text: string): string[] {
  const hosts = text.split(/[\s,]+/).filter((host) => host !== '')
  const wrong = hosts.map((host) => hostPattern.safeParse(host)).find(({ success }) => !success)
  if (wrong?.error === undefined) return hosts
  const [issue] = wrong.error.issues
  throw new ConfigError([{ path: 'TURNOUT_HOSTS', message: issue?.message ?? 'is wrong' }])
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65535

/** The file was judged with its own address; the command line or the environment may have given another one. */
function refuse(config: Config, wish: string | undefined): void {
  const { server, admin } = config
  const issues = [
    ...(wish === 'none' || asksForKeys(config) ? [] : openDoor(server.host, server.auth)),
    ...(admin === null ? [] : samePort(server, admin)),
  ]
  if (issues.length > 0) throw new ConfigError(issues)
}

async function refuseUnwritable({ store }: Config, { env }: Io): Promise<void> {
  const issues = await unwritable(store, { uid: process.getuid?.() ?? null, data: env['TURNOUT_DATA'] ?? '' })
  if (issues.length > 0) throw new ConfigError(issues)
}

/** The log has written what it had, so that the request to paste is the last that is read. */
async function announce(
  app: App,
  { url, adminUrl }: { url: string; adminUrl: string | null },
  config: Config,
  io: Io,
): Promise<void> {
  const { all, backends } = app.fleet.catalog
  await app.flush()
  io.stderr.write(
    startScreen({
      backends: backends.map(({ spec, live }) => {
        const models = all.filter(({ backend }) => backend.name === spec.name).map(({ model }) => model)
        return { spec, live, models }
      }),
      url,
      // Behind a published port of a container the gateway cannot know by which address it is reached.
      reached: (io.env['TURNOUT_PUBLIC_URL'] ?? '').replace(/\/+$/, '') || url,
      adminUrl,
      keyed: asksForKeys(config),
      keys: app.keys.specs.length,
    }),
  )
}
