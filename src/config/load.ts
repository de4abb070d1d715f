/** YAML -> Config, whole or not at all. */
import { access } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { FROM_ALL } from '../core/hints.ts'
import type { BackendSpec, Config } from '../core/settings.ts'
import type { Provider } from '../core/provider.ts'
import { backendChecks } from './backend-checks.ts'
import { buildConfig, toStore } from './build.ts'
import { crossChecks } from './cross-checks.ts'
import { engineChecks } from './engine-checks.ts'
import {
  DEFAULT_BODIES,
  DEFAULT_DISCOVERY,
  DEFAULT_LIMITS,
  DEFAULT_SERVER,
  DEFAULT_UPSTREAM,
  NO_STORE,
} from './defaults.ts'
import { FILE_NAME, fileText } from './file-text.ts'
import { Interpolation } from './interpolate.ts'
import { ConfigError, type Issue } from './issues.ts'
import { respelled, type OldSpelling } from './old-spellings.ts'
import { looseView } from './loose-view.ts'
import { routeChecks } from './route-checks.ts'
import { looseEnds } from './loose-ends.ts'
import { readYaml } from './read-yaml.ts'
import { fileShapeOf } from './validate.ts'
import { variableHabits } from './variable-habits.ts'
import { warningsOf } from './warnings.ts'

type Env = Readonly<Record<string, string | undefined>>
type Providers = ReadonlyMap<string, Provider>

export interface LoadedConfig {
  readonly config: Config
  /** What is valid and will not do what it seems to: options without effect in this version, names that lead nowhere. */
  readonly warnings: readonly string[]
}

/** --config, TURNOUT_CONFIG, ./turnout.yaml, /etc/turnout/turnout.yaml; null where there is none. One that was asked for must be there. */
export async function findConfig(asked: string | undefined, env: Env, cwd: string): Promise<string | null> {
  const named = asked ?? env['TURNOUT_CONFIG']
  if (named !== undefined && named !== '') return resolve(cwd, named)
  for (const file of [resolve(cwd, FILE_NAME), `/etc/turnout/${FILE_NAME}`]) {
    const there = await access(file).then(
      () => true,
      () => false,
    )
    if (there) return file
  }
  return null
}

/** Throws a ConfigError with everything that is wrong. */
export async function loadConfig(file: string, env: Env, providers: Providers): Promise<LoadedConfig> {
  return parseConfig(await fileText(file, env), env, providers, file)
}

/** The same for a text; `name` is the file that messages begin with and relative paths start from. */
export function parseConfig(text: string, env: Env, providers: Providers, name: string | null = null): LoadedConfig {
  const { values, source, issues } = readYaml(text, name)
  return configOf({ values, issues, placed: (issue) => source.placed(issue) }, env, providers, name)
}

/** What stands in a text: the values that YAML reads from it. */
interface Read {
  readonly values: unknown
  /** What is wrong with the text already. */
  readonly issues?: readonly Issue[]
  readonly placed?: (issue: Issue) => Issue
}

/** The same for what stands in the text. */
export function configOf(read: Read, env: Env, providers: Providers, name: string | null = null): LoadedConfig {
  const { values, placed = (issue: Issue) => issue } = read
  const old: OldSpelling[] = []
  const written = respelled(values, (spelling) => old.push(spelling))
  if (written === null) throw new ConfigError([EMPTY], name)
  const issues: Issue[] = [...(read.issues ?? [])]
  const interpolation = new Interpolation(env, issues)
  const { file, filled, issues: wrong } = fileShapeOf(written, interpolation, [...providers.keys()])
  const outline = looseView(filled)
  // What a variable left open, and after that what has the wrong shape, is the cause of all else at its path.
  const strange = wrong.filter(({ ofName }) => ofName === true).map(({ path }) => path)
  const habits = variableHabits(written).filter(({ path }) => !strange.some((one) => path.startsWith(one)))
  for (const more of [
    habits,
    wrong,
    [
      ...backendChecks(outline, providers),
      ...engineChecks(outline, providers),
      ...crossChecks(outline, env),
      ...routeChecks(outline),
    ],
  ]) {
    const told = new Set(issues.map(({ path }) => path))
    issues.push(...more.filter(({ path }) => !told.has(path)))
  }
  if (file === null || issues.length > 0) {
    const concealed = issues.map((issue) => asWritten(issue, old, (message) => interpolation.conceal(message)))
    throw new ConfigError(concealed.map(placed), name)
  }
  const config = buildConfig(file, written, providers, dataFolder(env) ?? (name === null ? '.' : dirname(name)))
  const hints = old.map(({ path, sentence }) => `${path} ${sentence}`)
  const warnings = [...hints, ...warningsOf(file, config), ...looseEnds(config, written)].map((line) =>
    interpolation.conceal(line),
  )
  return { config: freeze(config), warnings }
}

/** Where relative paths of `store` start, in place of the folder of the configuration: that of a container cannot be written. */
const dataFolder = ({ TURNOUT_DATA: folder = '' }: Env): string | null => (folder === '' ? null : resolve(folder))

/** A reader finds the option only under the name that the file has. */
function asWritten(issue: Issue, old: readonly OldSpelling[], conceal: (text: string) => string): Issue {
  const spelling = old.find(({ today }) => today === issue.path)
  const message = conceal(issue.message)
  if (spelling === undefined) return { ...issue, message }
  return { ...issue, path: spelling.path, message: `${message}; it ${spelling.sentence}` }
}

const EMPTY: Issue = {
  path: '',
  message:
    'is empty; write `backends`, or remove the file: without one the gateway looks for engines and cloud keys itself',
}

/** Without a file: what is learnt and what requests took is kept where a folder for data was named, and else nowhere. */
export function defaultStore(env: Env): Config['store'] {
  const folder = dataFolder(env)
  return folder === null ? NO_STORE : toStore({ state: './data/state.json', ledger: './data/ledger' }, folder)
}

/** A start without a file. */
export function defaultConfig(backends: readonly BackendSpec[], env: Env): Config {
  return freeze({
    server: DEFAULT_SERVER,
    backends,
    engineGroups: {},
    models: {},
    routes: [],
    keys: [],
    budgets: [],
    limits: DEFAULT_LIMITS,
    upstream: DEFAULT_UPSTREAM,
    bodies: DEFAULT_BODIES,
    discovery: DEFAULT_DISCOVERY,
    learning: FROM_ALL,
    lan: [],
    store: defaultStore(env),
    admin: null,
    telemetry: null,
  })
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}
