/** `turnout check FILE`: validates a configuration without asking any backend, and prints what each route and key can reach. */
import { findConfig, loadConfig } from '../config/load.ts'
import { ConfigError } from '../config/issues.ts'
import { loadProviders } from '../config/providers.ts'
import type { BackendSpec, Config, KeySpec, RouteSpec } from '../core/settings.ts'
import { type Reach, reachOf } from './reach.ts'
import type { Io } from './io.ts'
import { table } from './table.ts'

/** Exit code 0: valid, 1: not, 2: nothing to check. */
export async function check(argv: string[], io: Io): Promise<number> {
  if (argv.length > 1 || argv[0]?.startsWith('-') === true) {
    io.stderr.write('usage: turnout check [FILE]\n')
    return 2
  }
  const file = await findConfig(argv[0], io.env, io.cwd)
  if (file === null) {
    io.stderr.write(
      'turnout check: no file given, and neither TURNOUT_CONFIG, ./turnout.yaml nor /etc/turnout/turnout.yaml is there\n',
    )
    return 2
  }
  try {
    const { config, warnings } = await loadConfig(file, io.env, await loadProviders())
    io.stdout.write(`${report(config)}\n`)
    for (const warning of warnings) io.stdout.write(`warning: ${warning}\n`)
    const count = warnings.length === 1 ? ', 1 warning' : `, ${warnings.length} warnings`
    io.stdout.write(`${file}: OK${warnings.length === 0 ? '' : count}\n`)
    return 0
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown
    io.stderr.write(`${thrown.message}\n`)
    return 1
  }
}

const report = (config: Config): string => [backendsText(config), routesText(config), keysText(config)].join('\n')

const backendsText = ({ backends }: Config): string =>
  table(
    ['backend', 'kind', 'credentials', 'models'],
    backends.map((backend) => [backend.name, backend.provider.kind, credentials(backend), models(backend)]),
  )

const credentials = ({ key }: BackendSpec): string => (key === null ? 'no key' : 'key set')

function models({ models: declared, provider }: BackendSpec): string {
  const listed = provider.discovery.length > 0 ? ['what it lists when running'] : []
  return [...declared, ...listed].join(', ') || 'none'
}

function routesText(config: Config): string {
  if (config.routes.length === 0) return 'no routes: `auto` chooses among all models\n'
  const rows = config.routes.flatMap((route) => {
    const head = [route.name, strategyText(route), matchText(route)]
    return reachRows(reachOf(route, config)).map((row, index) => [...(index === 0 ? head : ['', '', '']), ...row])
  })
  return table(['route', 'strategy', 'taken for', 'backend', 'models'], rows)
}

function reachRows(reached: readonly Reach[]): string[][] {
  if (reached.length === 0) return [['NONE', 'nothing: no backend can have such a model']]
  return reached.map(({ backend, declared, patterns }) => {
    const listed = patterns.includes('*') ? 'all it lists' : `${patterns.join(', ')} if it lists such`
    return [backend ?? '(any)', [...declared, ...(patterns.length === 0 ? [] : [listed])].join(', ')]
  })
}

const strategyText = ({ strategy, localOnly }: RouteSpec): string => {
  const text =
    typeof strategy === 'string'
      ? strategy
      : Object.entries(strategy)
          .map(([name, weight]) => `${name} ${weight}`)
          .join(', ')
  return localOnly && strategy !== 'local' ? `${text}, local only` : text
}

function matchText({ name, match }: RouteSpec): string {
  const own = name === 'default' ? 'model "default", auto' : `model "${name}"`
  if (match === null) return own
  const conditions = [
    ...(match.model === null ? [] : [`model ${match.model.join(', ')}`]),
    ...(match.key === null ? [] : [`key ${match.key.join(', ')}`]),
  ]
  return conditions.length === 0 ? own : `${own}, or ${conditions.join(' and ')}`
}

function keysText({ keys, routes, server }: Config): string {
  if (keys.length === 0) return `no keys: everybody who reaches ${server.host}:${server.port} may call\n`
  const open = !routes.some(({ name }) => name === 'default')
  return table(
    ['key', 'requests', 'may use'],
    keys.map((key) => [key.id, key.rpm === null ? 'no limit' : `${key.rpm} per minute`, allowedText(key, open)]),
  )
}

/** `open`: `default` stands for every model, because no route has that name. */
const allowedText = ({ routes }: KeySpec, open: boolean): string =>
  routes?.map((name) => (open && name === 'default' ? 'default (every model)' : name)).join(', ') ?? 'everything'
