/** `turnout check FILE`: validates a configuration without asking any backend, and prints what each route and key can reach. */
import { findConfig, loadConfig } from '../config/load.ts'
import { ConfigError } from '../config/issues.ts'
import { loadProviders } from '../config/providers.ts'
import type { BackendSpec, Config, RouteSpec } from '../core/settings.ts'
import { glob } from '../route/glob.ts'
import type { Io } from './io.ts'

export async function check(argv: string[], io: Io): Promise<number> {
  if (argv.length > 1 || argv[0]?.startsWith('-') === true) {
    io.stderr.write('usage: turnout check [FILE]\n')
    return 2
  }
  try {
    const file = await findConfig(argv[0], io.env, io.cwd)
    if (file === null) {
      io.stderr.write(
        'turnout check: no file given, and neither TURNOUT_CONFIG, ./turnout.yaml nor /etc/turnout/turnout.yaml is there\n',
      )
      return 2
    }
    const { config, warnings } = await loadConfig(file, io.env, await loadProviders())
    io.stdout.write(report(config))
    for (const warning of warnings) io.stdout.write(`warning: ${warning}\n`)
    io.stdout.write(
      `${file}: OK${warnings.length > 0 ? `, ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}` : ''}\n`,
    )
    return 0
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown
    io.stderr.write(`${thrown.message}\n`)
    return 1
  }
}

function report(config: Config): string {
  const backends = config.backends.map((backend) => [
    backend.name,
    backend.provider.kind,
    backend.key === null ? 'no key' : 'key set',
    modelsOf(backend),
  ])
  const routes = config.routes.map((route) => [
    route.name,
    strategyText(route),
    matchText(route),
    reachText(route, config),
  ])
  const keys = config.keys.map((key) => [
    key.id,
    key.rpm === null ? 'no limit' : `${key.rpm} per minute`,
    key.routes === null ? 'everything' : key.routes.join(', '),
  ])
  return [
    table(['backend', 'kind', 'credentials', 'models'], backends),
    routes.length === 0
      ? 'no routes: `auto` chooses among all models\n'
      : table(['route', 'strategy', 'taken for', 'reaches'], routes),
    keys.length === 0
      ? `no keys: everybody who reaches ${config.server.host}:${config.server.port} may call\n`
      : table(['key', 'requests', 'may use'], keys),
  ].join('\n')
}

const modelsOf = (backend: BackendSpec): string =>
  [...backend.models, ...(backend.provider.discovery.length > 0 ? ['(what it lists when running)'] : [])].join(', ') ||
  'none'

const strategyText = ({ strategy }: RouteSpec): string =>
  typeof strategy === 'string'
    ? strategy
    : Object.entries(strategy)
        .map(([name, weight]) => `${name} ${weight}`)
        .join(', ')

function matchText({ name, match, pending }: RouteSpec): string {
  if (match === null || pending.length > 0) return `model "${name}"`
  const parts = [
    match.model === null ? null : `model ${match.model.join(', ')}`,
    match.key === null ? null : `key ${match.key.join(', ')}`,
  ]
  return `model "${name}", or ${parts.filter((part) => part !== null).join(' and ')}`
}

/** Declared models by name; of the others only the backend is known before it runs. */
function reachText(route: RouteSpec, config: Config): string {
  const reached = config.backends.flatMap((backend) => {
    if (route.localOnly && !backend.provider.local) return []
    const declared = backend.models.filter((model) =>
      route.candidates.some((pattern) => glob(pattern)(`${backend.name}/${model}`) || glob(pattern)(model)),
    )
    const perhaps =
      backend.provider.discovery.length > 0 ? route.candidates.filter((pattern) => mayMatch(pattern, backend.name)) : []
    return [
      ...declared.map((model) => `${backend.name}/${model}`),
      ...perhaps.filter((pattern) => !declared.some((model) => pattern === `${backend.name}/${model}`)),
    ]
  })
  return [...new Set(reached)].join(', ') || 'NOTHING: no backend can have such a model'
}

/** Whether a model that is not known yet could match. */
function mayMatch(pattern: string, backend: string): boolean {
  const head = pattern.split('*', 1)[0] ?? ''
  const slash = pattern.indexOf('/')
  if (slash < 0) return true
  return pattern.startsWith(`${backend}/`) || (head.length <= slash && `${backend}/`.startsWith(head))
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map(
      (row) =>
        `${row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join('  ')}\n`,
    )
    .join('')
}
