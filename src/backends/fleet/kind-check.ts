/** Whether what answers is the engine that the configuration says: a wrong kind is often answered all the same, and works in part. */
import type { BackendSpec } from '../../core/settings.ts'
import type { Provider } from '../../core/provider.ts'
import { transportReason } from '../../core/transport.ts'
import type { HttpClient } from '../upstream/http-client.ts'
import type { Discovery } from './discover.ts'
import { recognise } from './recognise.ts'
import { MAY_WANT_TLS, WANTS_PLAIN, WANTS_TLS } from './refused-list.ts'

interface Tools {
  readonly client: HttpClient
  /** Ends the look, as its time does. */
  readonly signal: AbortSignal
  /** Ends what goes on after the time of the look as well. */
  readonly stop: AbortSignal
  /** All kinds that there are; none: nothing is checked. */
  readonly kinds: readonly Provider[]
}

/** The comparison of one backend, which is made again only when something else answers, or its configuration is another one. */
export class KindCheck {
  readonly #kinds: Tools['kinds']
  #about = ''
  #mismatch: string | null = null

  constructor(kinds: Tools['kinds']) {
    this.#kinds = kinds
  }

  /** What to write instead, as of the last comparison; see `mismatchOf`. */
  get mismatch(): string | null {
    return this.#mismatch
  }

  /** Nothing is another than then. `turn`: another one for each description of the backend. */
  isMade(turn: number, result: Discovery): boolean {
    return this.#kinds.length === 0 || this.#about === aboutOf(turn, result)
  }

  async make(turn: number, spec: BackendSpec, result: Discovery, tools: Omit<Tools, 'kinds'>): Promise<string | null> {
    const mismatch = await mismatchOf(spec, result, { ...tools, kinds: this.#kinds })
    // What was ended by the time of the look says nothing.
    if (!tools.signal.aborted || mismatch !== null) {
      this.#about = aboutOf(turn, result)
      this.#mismatch = mismatch
    }
    return mismatch
  }
}

const aboutOf = (turn: number, result: Discovery): string => `${turn} ${result.found ? 'found' : result.reason}`

/** What to write instead, in a few words; null where nothing speaks against what is written. Asks free paths only, without the key. */
async function mismatchOf(spec: BackendSpec, result: Discovery, tools: Tools): Promise<string | null> {
  const { provider, root } = spec
  // A cloud at its own address is what it is, and whatever has the API of OpenAI may be called by that.
  if (provider.url === root || (provider.generic && result.found)) return null
  if (!result.found && result.status === null) return await schemeCheck(root, result, tools)
  // A key that is missing says nothing about the kind, and no engine shows itself without one.
  if (!result.found && (result.refusesKey || result.loading)) return null
  const known = tools.kinds.filter(({ kind }) => kind !== provider.kind)
  const there = await recognise(root, [provider, ...known], null, tools)
  if (there === null || there.kind === provider.kind) return null
  return `this is ${there.label}: write \`kind: ${there.kind}\``
}

/** Some engines wait without a word for the rest of what is a greeting of TLS, until the time of the look is over. */
async function schemeCheck(
  root: string,
  { reason, late }: { reason: string; late: boolean },
  tools: Tools,
): Promise<string | null> {
  if (root.startsWith('http:')) return MAY_WANT_TLS.has(reason) && (await speaksTls(root, tools)) ? WANTS_TLS : null
  if (!late) return null
  const plain = root.replace(/^https:/, 'http:')
  const signal = AbortSignal.any([tools.stop, AbortSignal.timeout(PLAIN_MS)])
  const call = { method: 'GET', url: plain, headers: {}, signal } as const
  return await tools.client.status(call).then(
    () => WANTS_PLAIN,
    () => null,
  )
}

/** Who is silent to TLS and speaks plain HTTP does so at once. */
const PLAIN_MS = 500

/** Any answer is one, and so is a certificate that is not trusted. */
async function speaksTls(root: string, { client, signal }: Tools): Promise<boolean> {
  try {
    await client.status({ method: 'GET', url: root.replace(/^http:/, 'https:'), headers: {}, signal })
    return true
  } catch (thrown) {
    return transportReason(thrown) === 'TLS failure'
  }
}
