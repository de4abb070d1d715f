/** What no single field shows: names that clash, names that lead nowhere, an open door. */
import type { Config } from '../core/settings.ts'
import type { Issue } from './issues.ts'
import type { ConfigFile } from './schema.ts'

/** Issues that stop the start. */
export function crossChecks(config: Config, file: ConfigFile): Issue[] {
  return [
    ...unique(file.backends, 'backends', 'name'),
    ...unique(file.routes ?? [], 'routes', 'name'),
    ...unique(file.keys ?? [], 'keys', 'id'),
    ...sameHash(config),
    ...aliases(config),
    ...routeNames(config),
    ...openDoor(config),
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

function sameHash(config: Config): Issue[] {
  const owner = new Map<string, string>()
  return config.keys.flatMap((key, index) => {
    const earlier = owner.get(key.hash)
    owner.set(key.hash, key.id)
    return earlier === undefined
      ? []
      : [{ path: `keys[${index}].hash`, message: `is the hash of "${earlier}" too; give each id a key of its own` }]
  })
}

function aliases(config: Config): Issue[] {
  const taken = new Map<string, string>(config.routes.map((route) => [route.name, `route "${route.name}"`]))
  for (const backend of config.backends)
    for (const model of backend.models) taken.set(model, `a model of "${backend.name}"`)
  const issues: Issue[] = []
  for (const [id, facts] of Object.entries(config.models)) {
    facts.aliases.forEach((alias, index) => {
      const path = `models["${id}"].aliases[${index}]`
      const other = taken.get(alias)
      if (alias === 'auto' || alias.startsWith('auto:'))
        issues.push({ path, message: `"${alias}" is reserved for the gateway's own choice` })
      else if (other !== undefined && other !== `the alias of "${id}"`)
        issues.push({ path, message: `"${alias}" is already ${other}` })
      else taken.set(alias, `the alias of "${id}"`)
    })
  }
  return issues
}

function routeNames(config: Config): Issue[] {
  const names = new Set(['default', ...config.routes.map((route) => route.name)])
  const ids = new Set(config.keys.map((key) => key.id))
  return [
    ...config.keys.flatMap((key, at) =>
      (key.routes ?? []).flatMap((name, index) =>
        names.has(name)
          ? []
          : [
              {
                path: `keys[${at}].routes[${index}]`,
                message: `there is no route "${name}"; there are ${[...names].join(', ')}`,
              },
            ],
      ),
    ),
    ...config.routes.flatMap((route, at) =>
      (route.match?.key ?? []).flatMap((id, index) =>
        ids.has(id)
          ? []
          : [{ path: `routes[${at}].match.key[${index}]`, message: `there is no key "${id}"; add it to \`keys\`` }],
      ),
    ),
  ]
}

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
