/** What somebody reads when the gateway has started: its backends, where it listens, and a first request to paste, which stands last. */
import { isUp } from '../core/backend-state.ts'
import type { BackendSpec } from '../core/settings.ts'
import type { BackendLive } from '../core/types.ts'
import { wrapped } from '../core/wrapped.ts'
import { cut, shown, width } from '../observe/log/people/screen.ts'
import { WIDTH } from './help-text.ts'

export interface StartFacts {
  readonly backends: readonly StartBackend[]
  /** Where it listens. */
  readonly url: string
  /** By which address callers reach it. */
  readonly reached: string
  readonly adminUrl: string | null
  /** Requests need a key. */
  readonly keyed: boolean
  /** How many keys there are. */
  readonly keys: number
}

export interface StartBackend {
  readonly spec: BackendSpec
  readonly live: Pick<BackendLive, 'state' | 'reason'>
  /** Ids, those that were found first. */
  readonly models: readonly string[]
}

export function startScreen({ backends, url, reached, adminUrl, keyed, keys }: StartFacts): string {
  const key = keyed ? ` -H "authorization: Bearer $TURNOUT_KEY" \\\n   ` : ''
  return [
    backendLines(backends),
    adminUrl === null ? '' : `admin API on ${adminUrl}/admin\n`,
    keyed && keys === 0 ? wrapped(NO_KEYS, WIDTH) : '',
    `listening on ${url}\n\n`,
    `  curl -N ${reached}/v1/chat/completions \\\n   ${key} -H 'content-type: application/json' -d '{"model": "auto", "stream": true,\n`,
    `      "messages": [{"role": "user", "content": "Hello"}]}'\n\n`,
  ].join('')
}

const NO_KEYS =
  'there are no keys yet, so every request is refused: `turnout key create --id NAME` makes one, also while this runs'

/** `name  where  what it has`, in columns. */
function backendLines(backends: readonly StartBackend[]): string {
  const rows = backends.map((one) => [cut(one.spec.name, 24), cut(whereOf(one.spec), 26), one] as const)
  const names = Math.max(0, ...rows.map(([name]) => width(name)))
  const hosts = Math.max(0, ...rows.map(([, host]) => width(host)))
  const padded = (text: string, to: number): string => text + ' '.repeat(to - width(text))
  return rows
    .map(([name, host, one]) => {
      const start = `  ${padded(name, names)}  ${padded(host, hosts)}  `
      return stateLines(one, start)
    })
    .join('')
}

/** Engines by their address; whose address says nothing, by what they are. */
const whereOf = ({ root, provider }: BackendSpec): string =>
  provider.ports.length > 0 ? shown(new URL(root).host) : provider.label

/** A list of models may be cut; a reason says what to do, so it has lines of its own where it does not fit. */
function stateLines({ live: { state, reason }, models }: StartBackend, start: string): string {
  const what = isUp(state) ? modelsText(models) : state === 'warming_up' ? 'loading' : state
  const first = `${start}${cut(what, WIDTH - width(start))}`
  if (reason === null) return `${first}\n`
  const told = `${start}${what}: ${shown(reason)}`
  if (!isUp(state) && width(told) <= WIDTH) return `${told}\n`
  const indent = ' '.repeat(4)
  return `${first}\n${indent}${wrapped(shown(reason), WIDTH - indent.length)
    .trimEnd()
    .replaceAll('\n', `\n${indent}`)}\n`
}

function modelsText(models: readonly string[]): string {
  const count = models.length === 1 ? '1 model' : `${models.length} models`
  return models.length === 0 ? count : `${count}: ${shown(models.join(', '))}`
}
