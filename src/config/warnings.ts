/** What is valid and will not do what it seems to: said aloud, never silently ignored. */
import type { Config } from '../core/settings.ts'
import { pathText } from './file-path.ts'
import { didYouMean, nearestWord } from '../core/did-you-mean.ts'
import type { ConfigFile } from './schema.ts'

export function warningsOf(file: ConfigFile, config: Config): string[] {
  return [
    ...withoutEffect(file),
    ...keyless(config),
    ...strangeModels(config),
    ...strangePatterns(config),
    ...idleMatches(config),
    ...unservedBaselines(config),
    ...forgetfulBudgets(config),
    ...unheardEngines(config),
    ...idleGroups(config),
  ]
}

/** Options that this version accepts and does not act on. */
function withoutEffect(file: ConfigFile): string[] {
  const warnings: string[] = []
  const idle = (path: string, value: unknown, why: string): void => {
    if (value !== undefined) warnings.push(`${path} has no effect yet: ${why}`)
  }
  for (const [id, { capabilities }] of Object.entries(file.models ?? {}))
    idle(`${pathText(['models', id])}.capabilities.prefill`, capabilities?.prefill, 'no request is found to need it')
  if (file.server?.trust_proxy === true) idle('server.trust_proxy', true, 'nothing depends on the address of a caller')
  return warnings
}

/** Engines that are not told where they are asked; most listen on another port by themselves. */
const unheardEngines = ({ backends }: Config): string[] =>
  backends.flatMap(({ engine, root }, at) => {
    const port = new URL(root).port || '80'
    const told =
      engine === null || [...engine.command, ...Object.values(engine.env)].some((text) => text.includes(port))
    return told
      ? []
      : [
          `backends[${at}].engine.command says nothing of port ${port}; add "{port}" to it, or the port to \`url\` that it listens on`,
        ]
  })

const idleGroups = ({ backends, engineGroups }: Config): string[] => {
  const named = new Set(backends.map(({ engine }) => engine?.group))
  return Object.keys(engineGroups).flatMap((name) =>
    named.has(name) ? [] : [`${pathText(['engine_groups', name])}: no engine is in it; name it as \`engine.group\``],
  )
}

/** A budget of a month that every restart begins anew. */
function forgetfulBudgets({ budgets, keys, store }: Config): string[] {
  const lasting = [...budgets, ...keys.flatMap((key) => key.budgets)].some(
    ({ per }) => per !== null && per !== 'minute',
  )
  return lasting && store.ledger === null && store.redis === null
    ? ['store.ledger is missing, so what is used of budgets is forgotten at a restart; name a folder']
    : []
}

/** Clouds refuse calls without a key. */
const keyless = (config: Config): string[] =>
  config.backends.flatMap(({ key, provider, root }, index) =>
    key === null && provider.keyEnv !== null && provider.url === root
      ? [`backends[${index}].key is missing; ${provider.label} wants one: write "\${${provider.keyEnv}}"`]
      : [],
  )

/** Patterns that begin with a backend that is not there: ids with slashes exist, so they are no errors. */
function strangePatterns(config: Config): string[] {
  const names = config.backends.map(({ name }) => name)
  const strange = (path: string, patterns: readonly string[]): string[] =>
    patterns.flatMap((pattern, index) => {
      const [first = ''] = pattern.split('/', 1)
      const [begin = '', ...stars] = first.split('*')
      if (
        first === pattern ||
        names.includes(first) ||
        (stars.length > 0 && names.some((name) => name.startsWith(begin)))
      )
        return []
      const hint = didYouMean(first, names, '"', false)
      return [
        `${path}[${index}]: no backend is named "${first}", so "${pattern}" means only models whose id begins like this${hint}`,
      ]
    })
  return config.routes.flatMap(({ candidates, fallback }, at) => [
    ...strange(`routes[${at}].candidates`, candidates),
    ...strange(`routes[${at}].fallback`, fallback),
  ])
}

/** Conditions that no request fulfils, and maps of conditions without any. */
function idleMatches({ routes, backends }: Config): string[] {
  const declared = new Set(backends.flatMap(({ name, models }) => models.map((model) => `${name}/${model}`)))
  return routes.flatMap(({ name, match }, at) => {
    if (match === null) return []
    const path = `routes[${at}].match`
    if (Object.values(match).every((condition) => condition === null))
      return [`${path} has no conditions, so route "${name}" is taken only by its name`]
    return (match.model ?? []).flatMap((pattern, index) => {
      if (pattern.startsWith('auto:'))
        return [`${path}.model[${index}] matches nothing: "auto:fast" and the like count as "auto"; write "auto"`]
      if (declared.has(pattern))
        return [
          `${path}.model[${index}] matches nothing: "${pattern}" is exactly one model, and a request that names it is served by it`,
        ]
      return []
    })
  })
}

/** The cost is compared with the price of a model that is there. */
const unservedBaselines = ({ routes, backends }: Config): string[] =>
  routes.flatMap(({ baseline }, at) => {
    const backend = backends.find(({ name }) => baseline?.startsWith(`${name}/`) === true)
    if (baseline === null || backend === undefined || backend.provider.discovery.length > 0) return []
    const model = baseline.slice(backend.name.length + 1)
    return backend.models.includes(model)
      ? []
      : [`routes[${at}].baseline: "${backend.name}" has no model "${model}"${didYouMean(model, backend.models, '"')}`]
  })

/** Facts for models of a backend whose name is misspelt. Other ids with a slash (`Qwen/Qwen3-8B`) are those of models. */
function strangeModels({ models, backends }: Config): string[] {
  const names = backends.map(({ name }) => name)
  const declared = new Set(backends.flatMap((backend) => backend.models))
  return Object.keys(models).flatMap((id) => {
    const [first = ''] = id.split('/', 1)
    if (first === id || names.includes(first) || declared.has(id)) return []
    const meant = nearestWord(first, names)
    if (meant === null) return []
    return [
      `${pathText(['models', id])}: no backend is named "${first}", so this is only for a model whose whole id is "${id}"; did you mean "${meant}"?`,
    ]
  })
}
