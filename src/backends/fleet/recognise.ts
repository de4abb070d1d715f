/** Which engine is at an address: only what it says about itself counts, never that something answers. */
import type { Provider } from '../../core/provider.ts'
import type { HttpAnswer, HttpClient } from '../upstream/http-client.ts'
import { ask, parseJson } from './ask.ts'
import { valueAt } from '../../core/value-at.ts'

interface Tools {
  readonly client: HttpClient
  readonly signal: AbortSignal
}

/** No engine has this path: who answers it like the proof answers everything like that. */
const NO_PATH = '/no-engine-has-this-path'

/** The first kind whose signature matches; `generic` for an unknown engine with a list of models in OpenAI's shape; else null. No key is sent. */
export async function recognise(
  root: string,
  kinds: readonly Provider[],
  generic: Provider | null,
  tools: Tools,
): Promise<Provider | null> {
  const answers = new Map<string, Promise<HttpAnswer | null>>()
  const get = (path: string): Promise<HttpAnswer | null> => {
    const known = answers.get(path)
    if (known !== undefined) return known
    const question = { url: root + path, method: 'GET', headers: {}, body: null, signal: tools.signal } as const
    const asked = ask(tools.client, question).catch(() => null)
    answers.set(path, asked)
    return asked
  }
  const proves = async (path: string, matches: (text: string) => boolean): Promise<boolean> => {
    const answer = await get(path)
    if (answer?.status !== 200 || !matches(answer.text)) return false
    const control = await get(NO_PATH)
    return control !== null && !(control.status === 200 && matches(control.text))
  }
  // Nobody at home: one refused connection says so for all kinds.
  if ((await get(NO_PATH)) === null) return null
  // A gateway is no engine: one that took itself for one, or two that took each other, would send a request round without end.
  if (isGateway((await get('/'))?.text ?? '')) return null
  for (const kind of kinds) {
    if (kind.signature === null) continue
    const pattern = new RegExp(kind.signature.pattern)
    if (await proves(kind.signature.path, (text) => pattern.test(text))) return kind
  }
  if (generic !== null && (await proves(`${generic.api}/models`, isModelList))) return generic
  return null
}

/** Of the answer to `GET /`: it is a Turnout. */
export const isGateway = (text: string): boolean => valueAt(parseJson(text), 'name') === 'turnout'

function isModelList(text: string): boolean {
  const data = valueAt(parseJson(text), 'data')
  return Array.isArray(data) && data.length > 0 && data.every((model) => typeof valueAt(model, 'id') === 'string')
}
