/** Names that lead to nobody or to two things, and keys that stand in the file: all of it valid, and hardly what was meant. */
import { glob } from '../core/glob.ts'
import { isObject } from '../core/is-object.ts'
import type { Config } from '../core/settings.ts'
import { didYouMean } from '../core/did-you-mean.ts'

export const looseEnds = (config: Config, written: unknown): string[] => [
  ...routesLikeModels(config),
  ...budgetsOfNobody(config),
  ...pastedKeys(config, written),
]

/** The route wins, and the model can be had only by its whole name. */
const routesLikeModels = ({ routes, backends }: Config): string[] =>
  routes.flatMap(({ name }, at) => {
    const backend = backends.find(({ models }) => models.includes(name))
    if (backend === undefined) return []
    return [
      `routes[${at}].name: "${name}" is a model of "${backend.name}" too; requests for it take the route, and "${backend.name}/${name}" is the model`,
    ]
  })

/** Only of what the file knows in full: users, sessions and agents come with the requests, and keys may be made at run time. */
function budgetsOfNobody({ budgets, keys, routes, store }: Config): string[] {
  const known: Readonly<Record<string, readonly string[] | null>> = {
    key: store.keys === null ? keys.map(({ id }) => id) : null,
    team: store.keys === null ? keys.flatMap(({ team }) => (team === null ? [] : [team])) : null,
    route: ['default', ...routes.map(({ name }) => name)],
  }
  return budgets.flatMap(({ of, ids }, at) => {
    const all = known[of] ?? null
    if (all === null) return []
    const path = `budgets[${at}].ids`
    return (ids ?? []).flatMap((id, index) => {
      if (all.some(glob(id))) return []
      const names = [...new Set(all)]
      const end =
        names.length === 0
          ? `; write \`${of === 'team' ? 'team' : 'id'}\` with one of \`keys\``
          : didYouMean(id, names, '"')
      return [`${path}[${index}]: there is no ${of} "${id}", so nothing is counted${end}`]
    })
  })
}

/** Shapes of keys of clouds, long enough to be one. */
const KEY = /^(?:sk|gsk|xai|hf|pplx|nvapi|csk|fw|r8|AIza)[-_\w]{18,}$/

function pastedKeys({ backends }: Config, written: unknown): string[] {
  const list = (written as { readonly backends?: readonly WrittenKeys[] }).backends ?? []
  return list.flatMap(({ key, keys }, at) => {
    const all: readonly (readonly [path: string, key: unknown])[] = [
      ['key', key],
      ...(Array.isArray(keys) ? keys : []).map((one: unknown, index) =>
        isObject(one) ? ([`keys[${index}].key`, one['key']] as const) : ([`keys[${index}]`, one] as const),
      ),
    ]
    const name = backends[at]?.provider.keyEnv ?? 'NAME'
    return all.flatMap(([path, value]) =>
      typeof value === 'string' && KEY.test(value)
        ? [`backends[${at}].${path} stands in the file, where others read it; write "\${${name}}" and set the variable`]
        : [],
    )
  })
}

interface WrittenKeys {
  readonly key?: unknown
  readonly keys?: unknown
}
