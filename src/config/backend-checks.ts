/** What only the kinds of backends tell: whether there is such a kind, whether the address and the key can be meant. */
import { type Provider, type Wish, WISHES } from '../core/provider.ts'
import { placeOf } from './backend.ts'
import type { Issue } from './issues.ts'
import { nearestWord } from '../core/did-you-mean.ts'
import type { LooseView } from './loose-view.ts'
import { habitWord } from './word-habits.ts'

type Backend = NonNullable<LooseView['backends']>[number]

export const backendChecks = ({ backends }: LooseView, providers: ReadonlyMap<string, Provider>): Issue[] =>
  (backends ?? []).flatMap((backend, index) =>
    checks(backend, providers).map(({ path, message }) => ({ path: `backends[${index}].${path}`, message })),
  )

function checks(backend: Backend, providers: ReadonlyMap<string, Provider>): Issue[] {
  const { kind, key, keys } = backend
  const provider = providers.get(kind ?? '')
  return [
    ...issue('key', keyFault(key ?? '')),
    ...(keys ?? []).flatMap((one, at) => issue(...keyOf(one, at))),
    ...(provider === undefined ? issue('kind', kindFault(kind, providers)) : []),
    ...(provider === undefined ? [] : issue('url', urlFault(backend, provider))),
    ...(provider === undefined ? [] : issue('models', modelsFault(backend, provider))),
    ...(provider === undefined ? [] : WISHES.flatMap((wish) => issue(wish, wishFault(backend[wish], wish, provider)))),
  ]
}

/** Of several, each by itself or with limits of its own. */
const keyOf = (one: NonNullable<Backend['keys']>[number], at: number): [path: string, message: string | null] =>
  typeof one === 'object' && one !== null
    ? [`keys[${at}].key`, keyFault(one.key ?? '')]
    : [`keys[${at}]`, keyFault(one ?? '')]

const issue = (path: string, message: string | null): Issue[] => (message === null ? [] : [{ path, message }])

const kindFault = (kind: Backend['kind'], providers: ReadonlyMap<string, Provider>): string | null =>
  typeof kind === 'string' ? `"${kind}" is no kind of backend; ${kindMeant(kind, [...providers.keys()])}` : null

function kindMeant(kind: string, kinds: readonly string[]): string {
  const word = habitWord(kind, kinds)
  const near = nearestWord(kind, kinds)
  if (word === null && near !== null) return `did you mean "${near}"?`
  if (word === 'openai-compatible') return `for what speaks OpenAI's API write "${word}"`
  if (word !== null) return `write "${word}"`
  return `write one of ${kinds.join(', ')}; "openai-compatible" is any with OpenAI's API`
}

/** How consoles and documents show a key that they hide. */
const MASKED = /\*{3}|•{3}|…|\.{3}|^<.*>$/
/** What a header can carry. */
const SENDABLE = /^[\x21-\x7e]*$/

function keyFault(key: string): string | null {
  if (MASKED.test(key)) return 'is a masked secret, not a key; write "${NAME}" and set the variable'
  if (!SENDABLE.test(key)) return 'contains a space, a line end or a non-ASCII character; write only the key'
  return null
}

function urlFault({ url, path_as_is: asIs }: Backend, provider: Provider): string | null {
  if (url === null) return null
  try {
    placeOf(url ?? provider.url, provider, asIs ?? false)
    return null
  } catch (thrown) {
    return (thrown as Error).message
  }
}

/** A backend that lists none can serve only what is declared. */
const modelsFault = ({ models }: Backend, { discovery, label }: Provider): string | null =>
  discovery.length > 0 || models === null || (models ?? []).length > 0
    ? null
    : `is missing; ${label} does not list models that can be called, so name them: [first, second]`

/** What nobody can be told would have no effect. */
function wishFault(value: unknown, wish: Wish, { endpoints, label }: Provider): string | null {
  const told = Object.values(endpoints).some((places) => places.some(({ tells }) => tells?.includes(wish)))
  return told || value === undefined || value === null ? null : `has no effect; ${label} cannot be told`
}
