/** YAML -> Config, whole or not at all. */
import { access, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import type { BackendSpec, Config, Provider } from '../core/settings.ts'
import { buildConfig } from './build.ts'
import { crossChecks } from './cross-checks.ts'
import { DEFAULT_DISCOVERY, DEFAULT_LIMITS, DEFAULT_SERVER } from './defaults.ts'
import { interpolate } from './interpolate.ts'
import { ConfigError, type Issue, pathText } from './issues.ts'
import { type ConfigFile, fileSchema } from './schema.ts'
import { nearest } from './nearest.ts'
import { warningsOf } from './warnings.ts'

type Env = Readonly<Record<string, string | undefined>>
type Providers = ReadonlyMap<string, Provider>

export interface LoadedConfig {
  readonly config: Config
  /** Valid options without effect in this version. */
  readonly warnings: readonly string[]
}

/** --config, TURNOUT_CONFIG, ./turnout.yaml, /etc/turnout/turnout.yaml; null where there is none. One that was asked for must be there. */
export async function findConfig(asked: string | undefined, env: Env, cwd: string): Promise<string | null> {
  const named = asked ?? env['TURNOUT_CONFIG']
  if (named !== undefined && named !== '') return resolve(cwd, named)
  for (const file of [resolve(cwd, 'turnout.yaml'), '/etc/turnout/turnout.yaml']) {
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      return file
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

/** The same for a text. */
export function parseConfig(text: string, env: Env, providers: Providers, name: string | null = null): LoadedConfig {
  const issues: Issue[] = []
  const raw = interpolate(parseYaml(text, name), env, issues)
  const parsed = fileSchema.safeParse(raw ?? {})
  if (parsed.error !== undefined) issues.push(...parsed.error.issues.flatMap((issue) => explain(issue, raw)))
  if (parsed.data === undefined || issues.length > 0) throw new ConfigError(issues, name)
  const config = buildConfig(parsed.data, providers, issues)
  issues.push(...crossChecks(config, parsed.data))
  if (issues.length > 0) throw new ConfigError(issues, name)
  return { config: freeze(config), warnings: warningsOf(parsed.data) }
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

function parseYaml(text: string, name: string | null): unknown {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length === 0) return document.toJS({ maxAliasCount: 100 }) as unknown
  throw new ConfigError(
    document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0])
      // The parser's text may quote the line, and the line may hold a key.
      return { path: `line ${line}, column ${col}`, message: error.code.toLowerCase().replaceAll('_', ' ') }
    }),
    name,
  )
}

type ZodIssue = z.ZodError<ConfigFile>['issues'][number]

/** Zod's issue with the value and, for an unknown option, the one that was probably meant. Secrets are not quoted. */
function explain(issue: ZodIssue, raw: unknown): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: pathText([...issue.path, key]),
      message: `there is no such option${meant(key, issue.path)}`,
    }))
  }
  const path = pathText(issue.path)
  const value = valueAt(raw, issue.path)
  const secret = /(^|\.)(key|hash)$/.test(path)
  const shown = secret || typeof value === 'object' || value === undefined ? '' : `${JSON.stringify(value)} `
  if (value === undefined && issue.code === 'invalid_type')
    return [{ path, message: `is missing; write ${typeof issue.expected === 'string' ? `a ${issue.expected}` : 'it'}` }]
  const message = /^(is|holds|write|can)/.test(issue.message) ? issue.message : `is not valid: ${issue.message}`
  return [{ path, message: `${shown}${message.startsWith('write') ? `is not valid; ${message}` : message}` }]
}

function meant(key: string, path: readonly PropertyKey[]): string {
  const options = optionsAt(path)
  const near = nearest(key, options)
  if (near !== null) return `; did you mean \`${near}\`?`
  return options.length === 0 ? '' : `; there are ${options.join(', ')}`
}

/** Names that are allowed at a path of the file. */
function optionsAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = fileSchema
  for (const part of path) schema = stepInto(unwrap(schema), part)
  const shape = (unwrap(schema) as { shape?: object } | undefined)?.shape
  return shape === undefined ? [] : Object.keys(shape)
}

interface Inside {
  readonly unwrap?: () => unknown
  readonly shape?: Readonly<Record<string, unknown>>
  readonly element?: unknown
  readonly valueType?: unknown
}

const unwrap = (schema: unknown): unknown => {
  const inside = schema as Inside | undefined
  return inside?.shape === undefined && inside?.element === undefined && typeof inside?.unwrap === 'function'
    ? unwrap(inside.unwrap())
    : schema
}

function stepInto(schema: unknown, part: PropertyKey): unknown {
  const inside = schema as Inside | undefined
  if (typeof part === 'number') return inside?.element
  return inside?.shape === undefined ? inside?.valueType : inside.shape[String(part)]
}

const valueAt = (raw: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    raw,
  )

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}
