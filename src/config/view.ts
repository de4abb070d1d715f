/**
 * A configuration for who only looks at it: a variable that is not set ends nothing. A stand-in has its place, which is no secret and
 * leads nowhere, and a gateway is never made of such a view.
 */
import { createHash } from 'node:crypto'
import type { Config } from '../core/settings.ts'
import type { Provider } from '../core/provider.ts'
import { fileText } from './file-text.ts'
import { type UnsetVariable, unsetIn } from './interpolate.ts'
import { ConfigError } from './issues.ts'
import { type LoadedConfig, configOf } from './load.ts'
import { readYaml } from './read-yaml.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface ConfigView extends Config {
  /** Whose values are stand-ins. Its being there tells a view from a configuration that can be run. */
  readonly unset: readonly UnsetVariable[]
}

export interface LoadedView extends LoadedConfig {
  readonly config: ConfigView
}

/** What an option may want in the place of a value that nobody knows, the likeliest first. `.invalid` is no name of any host (RFC 2606). */
const STAND_INS: readonly ((name: string) => string)[] = [
  (name) => `unset-${name.toLowerCase().replaceAll('_', '-')}`,
  () => 'http://unset.invalid',
  () => 'redis://unset.invalid',
  (name) => `sha256:${createHash('sha256').update(`unset ${name}`).digest('hex')}`,
  () => '1',
  () => '1s',
  () => '1MiB',
  () => 'true',
]

/** Throws a ConfigError with everything that is wrong beside what is not set. */
export async function loadView(file: string, env: Env, providers: ReadonlyMap<string, Provider>): Promise<LoadedView> {
  return viewOf(await fileText(file, env), env, providers, file)
}

/**
 * What can be run of it: a backend with a value that is not set is left out, with a warning. `unused`: what the caller does not run,
 * such as `admin`. Throws a ConfigError, also for a variable of anything else.
 */
export const loadKnown =
  (...unused: readonly string[]) =>
  async (file: string, env: Env, providers: ReadonlyMap<string, Provider>): Promise<LoadedConfig> => {
    const { config: view, warnings } = await loadView(file, env, providers)
    const { unset, ...config } = view
    refuse(
      unset.filter(({ path }) => !path.startsWith('backends[') && !unused.some(isAbove(path))),
      file,
    )
    const names = config.backends.map((_, at) => unset.find(({ path }) => isAbove(path)(`backends[${at}]`))?.name)
    const left = config.backends.flatMap(({ name }, at) =>
      names[at] === undefined ? [] : [`backend ${name} is left out: the variable ${names[at]} is not set`],
    )
    const backends = config.backends.filter((_, at) => names[at] === undefined)
    return { config: { ...config, backends }, warnings: [...warnings, ...left] }
  }

/** The same for a text. */
export function viewOf(text: string, env: Env, providers: ReadonlyMap<string, Provider>, name: string): LoadedView {
  const { values, source, issues } = readYaml(text, name)
  const read = { values, issues, placed: source.placed.bind(source) }
  const unset = unsetIn(values, env)
  const tried = new Map(unset.map((variable) => [variable.name, 0]))
  for (;;) {
    const standIns = Object.fromEntries([...tried].map(([variable, at]) => [variable, STAND_INS[at]!(variable)]))
    try {
      const { config, warnings } = configOf(read, { ...env, ...standIns }, providers, name)
      return { config: { ...config, unset }, warnings }
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown
      // The variable at a place that is refused may stand for something else.
      const refused = unset.filter(({ path }) => thrown.issues.some((issue) => issue.path === path))
      const next = refused.filter((variable) => tried.get(variable.name)! + 1 < STAND_INS.length)
      // No stand-in fits: as `turnout serve` says it.
      if (next.length === 0 && refused.length > 0) configOf(read, env, providers, name)
      if (next.length === 0) throw thrown
      for (const variable of new Set(next.map((one) => one.name))) tried.set(variable, tried.get(variable)! + 1)
    }
  }
}

/** Throws a ConfigError where a value below one of `paths` is not known: what is done with it needs it. */
export function needKnown({ unset }: ConfigView, file: string | null, ...paths: readonly string[]): void {
  refuse(
    unset.filter(({ path }) => paths.some(isAbove(path))),
    file,
  )
}

const isAbove =
  (path: string) =>
  (one: string): boolean =>
    path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`)

function refuse(missing: readonly UnsetVariable[], file: string | null): void {
  if (missing.length > 0)
    throw new ConfigError(
      missing.map(({ path, name }) => ({ path, message: `the variable ${name} is not set, and this is needed here` })),
      file,
    )
}
