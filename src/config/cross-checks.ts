/** What no single field shows: names that clash, names that lead nowhere, an open door. */
import { isLoopbackHost } from '../core/loopback.ts'
import { DEFAULT_ADMIN, DEFAULT_SERVER } from './defaults.ts'
import { pathText } from './file-path.ts'
import { type Issue } from './issues.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import type { LooseView } from './loose-view.ts'

/** Issues that stop the start; parts of the wrong shape are left out. Of the environment only TURNOUT_AUTH is read. */
export function crossChecks(outline: LooseView, env: Readonly<Record<string, string | undefined>>): Issue[] {
  const { backends, routes, keys, server } = outline
  const asksForKeys = (keys ?? []).length > 0 || keyFile(outline) !== 'none'
  return [
    ...unique(names(backends, 'name'), 'backends', 'name'),
    ...unique(names(routes, 'name'), 'routes', 'name'),
    ...unique(names(keys, 'id'), 'keys', 'id'),
    ...hashes(outline),
    ...aliases(outline),
    ...references(outline),
    ...ports(outline),
    // A key that is there with a wrong hash has an issue of its own.
    ...(env['TURNOUT_AUTH'] === 'none' || keys === null || asksForKeys || !isSound(server)
      ? []
      : openDoor(server?.host ?? DEFAULT_SERVER.host, server?.auth ?? DEFAULT_SERVER.auth)),
  ]
}

/** Whether keys can be made at run time; `unclear` where that cannot be read. */
function keyFile({ store }: LooseView): 'some' | 'none' | 'unclear' {
  if (store === null || store?.keys === null) return 'unclear'
  return (store?.keys ?? '') === '' ? 'none' : 'some'
}

const isSound = (server: LooseView['server']): boolean =>
  server !== null && server?.host !== null && server?.auth !== null

type Names = readonly (string | null)[]

/** Null: there is one, and it cannot be read. */
const names = <K extends string>(
  list: readonly { readonly [key in K]?: string | null | undefined }[] | null | undefined,
  field: K,
) => (list ?? []).map((one) => one[field] ?? null)

function unique(names: Names, path: string, field: string): Issue[] {
  return names.flatMap((name, index) => {
    const earlier = names.indexOf(name)
    if (name === null || earlier === index) return []
    const message = `"${name}" is taken by ${path}[${earlier}]; names must differ`
    return [{ path: `${path}[${index}].${field}`, message }]
  })
}

const HASH = /^sha256:[\da-f]{64}$/i
const NO_HASH =
  'is not "sha256:" and 64 hex digits; only hashes of keys are stored: `turnout key new` makes a key and its hash, `turnout key hash` hashes yours'

function hashes({ keys }: LooseView): Issue[] {
  const owner = new Map<string, string>()
  return (keys ?? []).flatMap(({ id, hash }, index) => {
    const path = `keys[${index}].hash`
    if (typeof hash !== 'string') return []
    if (!HASH.test(hash)) return [{ path, message: NO_HASH }]
    const earlier = owner.get(hash.toLowerCase())
    if (earlier === undefined) owner.set(hash.toLowerCase(), id ?? `keys[${index}]`)
    return earlier === undefined
      ? []
      : [{ path, message: `is the hash of "${earlier}" too; give each id a key of its own` }]
  })
}

function aliases({ backends, models, routes }: LooseView): Issue[] {
  const taken = new Map<string, string>()
  for (const id of Object.keys(models ?? {})) taken.set(id, 'a model of this file')
  for (const backend of backends ?? [])
    for (const model of backend.models ?? [])
      for (const name of [model, `${backend.name}/${model}`])
        if (name && model && backend.name) taken.set(name, `a model of "${backend.name}"`)
  for (const name of names(routes, 'name')) if (name !== null) taken.set(name, 'a route')
  return Object.entries(models ?? {}).flatMap(([id, facts]) =>
    (facts.aliases ?? []).flatMap((alias, index) => {
      if (typeof alias !== 'string') return []
      const path = pathText(['models', id, 'aliases', index])
      if (alias === 'auto' || alias.startsWith('auto:'))
        return [{ path, message: `"${alias}" is reserved for the gateway's own choice; choose another name` }]
      const other = taken.get(alias)
      taken.set(alias, `an alias of "${id}"`)
      return other === undefined ? [] : [{ path, message: `"${alias}" is ${other} already; choose another name` }]
    }),
  )
}

/** Keys that name routes, and routes that name keys. */
function references(outline: LooseView): Issue[] {
  const { keys, routes } = outline
  const known = ['default', ...names(routes, 'name')]
  const ids = names(keys, 'id')
  return [
    ...(routes === null ? [] : (keys ?? [])).flatMap((key, at) =>
      unknown(key.routes, known, `keys[${at}].routes`, 'route'),
    ),
    // A key that is made at run time may be the one that is meant.
    ...(keys === null || keyFile(outline) !== 'none' ? [] : (routes ?? [])).flatMap((route, at) =>
      unknown(route.match?.key, ids, `routes[${at}].match.key`, 'key'),
    ),
  ]
}

/** Where one of the known names cannot be read, it may be the one that is meant. */
function unknown(
  wanted: Names | readonly (string | null | undefined)[] | null | undefined,
  all: Names,
  path: string,
  what: string,
): Issue[] {
  const known = all.filter((name) => name !== null)
  if (known.length < all.length) return []
  return (wanted ?? []).flatMap((name, index) =>
    typeof name !== 'string' || known.includes(name)
      ? []
      : [{ path: `${path}[${index}]`, message: `there is no ${what} "${name}"${didYouMean(name, known, '"')}` }],
  )
}

function ports({ server, admin }: LooseView): Issue[] {
  if (server === null || !admin) return []
  const [host, port] = [server?.host ?? DEFAULT_SERVER.host, server?.port ?? DEFAULT_SERVER.port]
  const unclear = [server?.host, server?.port, admin.host, admin.port].includes(null)
  return unclear
    ? []
    : samePort({ host, port }, { host: admin.host ?? DEFAULT_ADMIN.host, port: admin.port ?? DEFAULT_ADMIN.port })
}

interface Listener {
  readonly host: string
  readonly port: number
}

/** Both listeners would want one port. Of addresses that differ only those that stand for all overlap. */
export function samePort(server: Listener, admin: Listener): Issue[] {
  const everywhere = [server.host, admin.host].some((host) => host === '0.0.0.0' || host === '::')
  if (server.port !== admin.port || server.port === 0 || !(everywhere || server.host === admin.host)) return []
  const free =
    server.port === DEFAULT_ADMIN.port ? DEFAULT_SERVER.port : server.port < 65535 ? server.port + 1 : server.port - 1
  return [
    { path: 'admin.port', message: `${admin.port} is the port of \`server\` too; write another one, like ${free}` },
  ]
}

/** An open gateway on a network spends its owner's money for anybody. For a configuration without keys. */
export function openDoor(host: string, auth: 'keys' | 'none'): Issue[] {
  if (isLoopbackHost(host) || auth === 'none') return []
  return [
    {
      path: 'server.host',
      message: `"${host}" can be reached from other machines and there are no keys; add \`keys\` (turnout key new makes one) or \`store.keys\`, or write \`server: { auth: none }\``,
    },
  ]
}
