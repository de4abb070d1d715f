/** What no single field shows: names that clash, names that lead nowhere, an open door. */
import type { Config } from '../core/settings.ts'
import { type Issue, pathText } from './issues.ts'
import { didYouMean } from './nearest.ts'
import type { ConfigFile } from './schema.ts'

/** Issues that stop the start. Of the environment only TURNOUT_AUTH is read. */
export function crossChecks(
  config: Config,
  file: ConfigFile,
  env: Readonly<Record<string, string | undefined>>,
): Issue[] {
  return [
    ...unique(file.backends, 'backends', 'name'),
    ...unique(file.routes ?? [], 'routes', 'name'),
    ...unique(file.keys ?? [], 'keys', 'id'),
    ...sameHash(file),
    ...aliases(config),
    ...routeNames(file),
    ...twoStrategies(file),
    // A key that is there with a wrong hash has an issue of its own.
    ...(env['TURNOUT_AUTH'] === 'none' || (file.keys ?? []).length > 0 ? [] : openDoor(config)),
  ]
}

function unique<T>(list: readonly T[], path: string, field: keyof T & string): Issue[] {
  const first = new Map<unknown, number>()
  return list.flatMap((one, index) => {
    const earlier = first.get(one[field])
    if (earlier === undefined) first.set(one[field], index)
    return earlier === undefined
      ? []
      : [
          {
            path: `${path}[${index}].${field}`,
            message: `"${String(one[field])}" is taken by ${path}[${earlier}]; names must differ`,
          },
        ]
  })
}

/** Read from the file: a key whose hash is wrong is not in the configuration, and would shift the others. */
function sameHash({ keys = [] }: ConfigFile): Issue[] {
  const owner = new Map<string, string>()
  return keys.flatMap(({ id, hash }, index) => {
    const earlier = owner.get(hash.toLowerCase())
    if (earlier === undefined) owner.set(hash.toLowerCase(), id)
    return earlier === undefined
      ? []
      : [{ path: `keys[${index}].hash`, message: `is the hash of "${earlier}" too; give each id a key of its own` }]
  })
}

function aliases(config: Config): Issue[] {
  const taken = new Map<string, string>()
  for (const id of Object.keys(config.models)) taken.set(id, 'a model of this file')
  for (const backend of config.backends)
    for (const model of backend.models)
      for (const name of [model, `${backend.name}/${model}`]) taken.set(name, `a model of "${backend.name}"`)
  for (const route of config.routes) taken.set(route.name, 'a route')
  return Object.entries(config.models).flatMap(([id, facts]) =>
    facts.aliases.flatMap((alias, index) => {
      const path = pathText(['models', id, 'aliases', index])
      if (alias === 'auto' || alias.startsWith('auto:'))
        return [{ path, message: `"${alias}" is reserved for the gateway's own choice; take another name` }]
      const other = taken.get(alias)
      taken.set(alias, `an alias of "${id}"`)
      return other === undefined ? [] : [{ path, message: `"${alias}" is ${other} already; take another name` }]
    }),
  )
}

function routeNames({ keys = [], routes = [] }: ConfigFile): Issue[] {
  const names = ['default', ...routes.map((route) => route.name)]
  const ids = keys.map((key) => key.id)
  return [
    ...keys.flatMap((key, at) => unknown(key.routes, names, `keys[${at}].routes`, 'route')),
    ...routes.flatMap((route, at) => unknown(route.match?.key, ids, `routes[${at}].match.key`, 'key')),
  ]
}

function unknown(names: readonly string[] | undefined, known: readonly string[], path: string, what: string) {
  return (names ?? []).flatMap((name, index) =>
    known.includes(name)
      ? []
      : [{ path: `${path}[${index}]`, message: `there is no ${what} "${name}"${didYouMean(name, known, '"')}` }],
  )
}

const twoStrategies = (file: ConfigFile): Issue[] =>
  (file.routes ?? []).flatMap((route, at) =>
    route.strategy === undefined || route.weights === undefined
      ? []
      : [
          {
            path: `routes[${at}].weights`,
            message: 'stands beside `strategy`, which says the same; remove one of them',
          },
        ],
  )

/** Whether only this machine can reach the address. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)

/** An open gateway on a network spends its owner's money for anybody. */
export function openDoor(config: Config): Issue[] {
  const { host, auth } = config.server
  if (isLoopback(host) || config.keys.length > 0 || auth === 'none') return []
  return [
    {
      path: 'server.host',
      message: `"${host}" can be reached from other machines and there are no keys; add \`keys\` (turnout key new makes one), or write \`server: { auth: none }\``,
    },
  ]
}
