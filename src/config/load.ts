/** YAML -> Config, whole or not at all. */
import { access, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { BackendSpec, Config, Provider } from '../core/settings.ts'
import { buildConfig } from './build.ts'
import { crossChecks } from './cross-checks.ts'
import { DEFAULT_DISCOVERY, DEFAULT_LIMITS, DEFAULT_SERVER } from './defaults.ts'
import { explain } from './explain.ts'
import { Interpolation } from './interpolate.ts'
import { ConfigError, type Issue } from './issues.ts'
import { readYaml } from './read-yaml.ts'
import { fileSchema } from './schema.ts'
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
  for (const file of [resolve(cwd, 'turnout.yaml'), '/etc/turnout/turnout.yaml']) {
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
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (thrown) {
    throw new ConfigError([
      { path: file, message: `cannot be read (${(thrown as NodeJS.ErrnoException).code ?? 'unknown error'})` },
    ])
  }
  return parseConfig(text, env, providers, file)
}

/** The same for a text; `name` is the file that messages begin with. */
export function parseConfig(text: string, env: Env, providers: Providers, name: string | null = null): LoadedConfig {
  const issues: Issue[] = []
  const interpolation = new Interpolation(env, issues)
  const loaded = toConfig(readYaml(text, name), interpolation, env, providers, issues)
  if (loaded === null || issues.length > 0) {
    const concealed = issues.map(({ path, message }) => ({ path, message: interpolation.conceal(message) }))
    throw new ConfigError(concealed, name)
  }
  return { config: freeze(loaded.config), warnings: loaded.warnings.map((line) => interpolation.conceal(line)) }
}

/** Null where the shape is wrong; what is wrong with values joins the issues. */
function toConfig(
  written: unknown,
  interpolation: Interpolation,
  env: Env,
  providers: Providers,
  issues: Issue[],
): LoadedConfig | null {
  const { data, error } = fileSchema.safeParse(interpolation.replace(written) ?? {})
  const unresolved = new Set(issues.map(({ path }) => path))
  for (const issue of error?.issues ?? [])
    issues.push(...explain(issue, written).filter(({ path }) => !unresolved.has(path)))
  if (data === undefined) return null
  const config = buildConfig(data, providers, issues)
  issues.push(...crossChecks(config, data, env))
  return { config, warnings: warningsOf(data, config) }
}

/** A start without a file. */
export function defaultConfig(backends: readonly BackendSpec[]): Config {
  return freeze({
    server: DEFAULT_SERVER,
    backends,
    models: {},
    routes: [],
    keys: [],
    limits: DEFAULT_LIMITS,
    discovery: DEFAULT_DISCOVERY,
  })
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}
