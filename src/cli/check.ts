/** `turnout check FILE`: validates a configuration without asking any backend, and prints what each route and key can reach. */
import { callUrl } from '../config/backend.ts'
import { type ConfigView, loadView } from '../config/view.ts'
import { findConfig, loadConfig } from '../config/load.ts'
import { loadProviders } from '../config/providers.ts'
import { durationText, sizeText } from '../core/units.ts'
import type { BackendSpec, Config, RouteSpec } from '../core/settings.ts'
import { shadows } from '../decision/route/unreachable.ts'
import type { CallOf } from './command.ts'
import { columnsShown } from './columns-of.ts'
import type { Io } from './io.ts'
import { budgetsText } from './budget-text.ts'
import { usesText } from './key-text.ts'
import { type Reach, routeReach } from './reach.ts'
import { ceilingsText, controlText, matchLines, strategyText, successText } from './route-text.ts'
import type { CHECK } from './rows/run.ts'
import { enginesText } from './engines-text.ts'
import { limitsText } from './limits-text.ts'
import { table } from './table.ts'

/** Exit code 0: valid, 1: not, 2: nothing to check. */
export async function check({ args, flags }: CallOf<typeof CHECK>, io: Io): Promise<number> {
  const file = await findConfig(args.file ?? flags.config, io.env, io.cwd)
  if (file === null) {
    io.stderr.write(
      'turnout check: no file given, and neither TURNOUT_CONFIG, ./turnout.yaml nor\n/etc/turnout/turnout.yaml is there; `turnout init` writes one\n',
    )
    return 2
  }
  const providers = await loadProviders()
  // With the variables of whoever runs it, or without: then what they are for cannot be judged.
  if (flags.strict) await loadConfig(file, io.env, providers)
  const { config, warnings } = await loadView(file, io.env, providers)
  io.stdout.write(`${report(config, columnsShown(io.stdout))}\n`)
  const all = [
    ...config.unset.map(unsetText),
    ...(io.dotEnv?.warnings ?? []),
    ...warnings,
    ...shadows(config.routes, config.keys).map(({ why }) => why),
  ]
  for (const warning of all) io.stdout.write(`warning: ${warning}\n`)
  const count = all.length === 1 ? ', 1 warning' : `, ${all.length} warnings`
  io.stdout.write(`${file}: OK${all.length === 0 ? '' : count}\n`)
  return 0
}

const unsetText = ({ path, name }: ConfigView['unset'][number]): string =>
  `${path}: the variable ${name} is not set; \`turnout serve\` needs it`

const report = (config: ConfigView, width: number): string =>
  [
    backendsText(config, width),
    limitsText(config.backends),
    enginesText(config.backends, config.engineGroups),
    routesText(config),
    keysText(config, width),
    budgetsText(config),
    ledgerText(config),
    adminText(config),
  ]
    .filter((part) => part !== '')
    .join('\n')

const backendsText = ({ backends, unset }: ConfigView, width: number): string =>
  table(
    ['backend', 'kind', 'credentials', 'models', 'calls'],
    backends.map((backend, at) => [
      backend.name,
      backend.provider.kind,
      unset.some(({ path }) => path === `backends[${at}].key` || path.startsWith(`backends[${at}].keys[`))
        ? 'key not set'
        : credentials(backend),
      models(backend),
      callUrl(backend),
    ]),
    width,
  )

const credentials = ({ key, keys }: BackendSpec): string =>
  key === null ? 'no key' : keys.length > 1 ? `${keys.length} keys set` : 'key set'

function models({ models: declared, provider }: BackendSpec): string {
  const listed = provider.discovery.length > 0 ? ['what it lists when running'] : []
  return [...declared, ...listed].join(', ') || 'none'
}

function routesText(config: Config): string {
  if (config.routes.length === 0) return 'no routes: `auto` chooses among all models\n'
  return config.routes.map((route) => routeText(route, config)).join('\n')
}

function routeText(route: RouteSpec, config: Config): string {
  const facts: readonly (readonly [name: string, lines: readonly (string | null)[]])[] = [
    ['taken for', matchLines(route)],
    ['strategy', [strategyText(route)]],
    ['candidates', candidateLines(route, config)],
    ['fallback', orderedLines(route.fallback, route, config)],
    ['ceilings', [ceilingsText(route)]],
    ['success', [successText(route)]],
    ['control', [controlText(route)]],
    ['baseline', [route.baseline]],
  ]
  const rows = facts.flatMap(([name, lines]) =>
    lines.filter((line) => line !== null).map((line, index) => [index === 0 ? `  ${name}` : '', line]),
  )
  return `route ${route.name}\n${rows.map(([name = '', line = '']) => `${name.padEnd(12)}  ${line}\n`).join('')}`
}

function candidateLines(route: RouteSpec, config: Config): string[] {
  const reached = routeReach(route, config)
  if (route.strategy !== 'ordered' || reached.length === 0) return reachLines(reached)
  return orderedLines(route.candidates, route, config)
}

/** Where the order says who is asked first, each pattern by itself. */
const orderedLines = (patterns: readonly string[], route: RouteSpec, config: Config): string[] => [
  ...new Set(patterns.flatMap((pattern) => reachLines(routeReach(route, config, [pattern]), ` for ${pattern}`))),
]

function reachLines(reached: readonly Reach[], what = ''): string[] {
  if (reached.length === 0) return [`NONE${what}: no backend can have such a model`]
  return reached.map(({ backend, declared, patterns }) => {
    const listed = patterns.includes('*') ? 'all it lists' : `${patterns.join(', ')} if listed`
    return `${backend ?? '(any)'}: ${[...declared, ...(patterns.length === 0 ? [] : [listed])].join(', ')}`
  })
}

function keysText({ keys, routes, server, store }: Config, width: number): string {
  if (keys.length === 0 && store.keys !== null) return `keys are made at run time: \`turnout key list\` shows them\n`
  if (keys.length === 0) return `no keys: every caller that reaches ${server.host}:${server.port} is served\n`
  // `default` stands for every model where no route has that name.
  const open = !routes.some(({ name }) => name === 'default')
  return table(
    ['key', 'team', 'requests', 'may use'],
    keys.map((key) => [
      key.id,
      key.team ?? '-',
      key.rpm === null ? 'no limit' : `${key.rpm} per minute`,
      usesText(key, (name) => (open && name === 'default' ? 'default (every model)' : name)),
    ]),
    width,
  )
}

const DAY_MS = 86_400_000

function ledgerText({ store: { ledger } }: Config): string {
  if (ledger === null) return ''
  const { folder, keepMs, maxBytes } = ledger
  const age = keepMs === null ? 'for ever' : keepMs % DAY_MS === 0 ? `${keepMs / DAY_MS}d` : durationText(keepMs)
  return `ledger in ${folder}: kept ${age}${maxBytes === null ? '' : `, at most ${sizeText(maxBytes)}`}\n`
}

const adminText = ({ admin, unset }: ConfigView): string => {
  if (admin === null) return ''
  const port = unset.some(({ path }) => path === 'admin.port') ? 'a port that is not set' : String(admin.port)
  return `admin API on ${admin.host}:${port}, with its token\n`
}
