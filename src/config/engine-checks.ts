/** Engines that the gateway starts itself: whether what stands in the file can be started, asked and told apart. */
import type { Provider } from '../core/provider.ts'
import { isLoopbackHost } from '../core/loopback.ts'
import { sizeText } from '../core/units.ts'
import { placeOf } from './backend.ts'
import { commandWords } from './command-words.ts'
import { pathText } from './file-path.ts'
import type { Issue } from './issues.ts'
import type { LooseView } from './loose-view.ts'

type Backend = NonNullable<LooseView['backends']>[number]

export function engineChecks(outline: LooseView, providers: ReadonlyMap<string, Provider>): Issue[] {
  const backends = outline.backends ?? []
  const roots = backends.map((backend) => rootOf(backend, providers))
  return backends.flatMap((backend, at) => {
    const { engine } = backend
    const provider = providers.get(backend.kind ?? '')
    if (!engine || provider === undefined) return []
    const issue = (path: string, message: string | null): Issue[] =>
      message === null ? [] : [{ path: `backends[${at}].${path}`, message }]
    const twin = roots.findIndex((root, other) => other !== at && root !== null && root === roots[at])
    return [
      ...issue('engine', kindFault(provider) ?? roleFault(backend)),
      ...issue('engine.command', commandFault(engine.command)),
      ...issue('url', addressFault(roots[at] ?? null, twin)),
      ...issue('models', modelsFault(backend)),
      ...issue('engine.memory', memoryFault(engine, outline)),
    ]
  })
}

function rootOf({ url, kind, path_as_is: asIs }: Backend, providers: ReadonlyMap<string, Provider>): string | null {
  const provider = providers.get(kind ?? '')
  if (provider === undefined || url === null) return null
  try {
    return placeOf(url ?? provider.url, provider, asIs ?? false).root
  } catch {
    // Told already.
    return null
  }
}

const kindFault = ({ local, generic, label }: Provider): string | null =>
  local || generic ? null : `is for engines of this machine, and ${label} is a cloud; leave it out`

/** It is called where it is there, and nobody waits for its start. */
const roleFault = ({ role }: Backend): string | null =>
  role === 'prefill'
    ? 'cannot be started when it is needed where `role: prefill` stands beside it; leave one of them out'
    : null

function commandFault(command: unknown): string | null {
  if (typeof command !== 'string') return null
  try {
    commandWords(command)
    return null
  } catch (thrown) {
    return (thrown as Error).message
  }
}

function addressFault(root: string | null, twin: number): string | null {
  if (root === null) return null
  const { protocol, hostname, port } = new URL(root)
  const here = `http://127.0.0.1:${port === '' ? '8080' : port}`
  if (protocol !== 'http:')
    return `is not "http:"; an engine that is started here is asked without TLS: write "${here}"`
  if (!isLoopbackHost(hostname.replace(/^\[|\]$/g, '')))
    return `"${hostname}" may be another machine, and the engine is started on this one; write "${here}"`
  if (twin >= 0) return `is the address of backends[${twin}] too; give each engine that is started a port of its own`
  return null
}

/** Only a request for one of its models starts it. */
const modelsFault = ({ models }: Backend): string | null =>
  models === null || (models ?? []).length > 0
    ? null
    : 'is missing; an engine is started by the first request for a model of it, so name them: [first, second]'

function memoryFault({ memory, group }: NonNullable<Backend['engine']>, outline: LooseView): string | null {
  const most = group ? (outline.engine_groups?.[group]?.memory ?? null) : null
  if (most === null || memory === null) return null
  if (memory === undefined)
    return `is missing; ${pathText(['engine_groups', group!])} counts memory, so say what this one takes, like "8GiB"`
  return memory > most ? `is more than the ${sizeText(most)} of group "${group}", so it could never start` : null
}
