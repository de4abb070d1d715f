/** What clients of Ollama ask beside answers: which models there are, and what is known of them. What only its own engine can do is refused. */
import type { FastifyInstance } from 'fastify'
import { isUp } from '../../core/backend-state.ts'
import { OLLAMA_CHAT } from '../../core/endpoints.ts'
import { GatewayError } from '../../core/errors.ts'
import { isLoaded } from '../../core/residency.ts'
import type { Deployment } from '../../core/types.ts'
import { reachOf } from '../../decision/route/reach.ts'
import type { RunningModel } from '../../formats/format.ts'
import { checkedModel, invalidMember, readObject } from '../../formats/json/read-object.ts'
import type { Stages } from '../../pipeline.ts'
import { principalOf } from '../admission/auth.ts'
import { namesFor } from './models.ts'

type Tools = Pick<Stages, 'policy' | 'formats' | 'now'>

/** `since`: epoch seconds, when this process began. */
export function ollamaRoutes(scope: FastifyInstance, tools: Tools, since: number): void {
  const { policy, formats, now } = tools
  const format = formats.get(OLLAMA_CHAT.format)?.caller
  const views = format?.views
  if (format === undefined || views === undefined) return
  const config = { free: true }
  scope.get('/api/version', { config }, () => ({ version: views.version }))
  scope.get('/api/tags', { config }, ({ arrival }) => {
    const names = namesFor(principalOf(arrival), policy().table)
    return format.modelList(
      names.map(([name, serving]) => format.modelEntry(name, serving, since, now())),
      {},
    )
  })
  scope.get('/api/ps', { config }, ({ arrival }) => {
    const { table } = policy()
    const models = namesFor(principalOf(arrival), table).filter(([name]) => table.catalog.byModel.has(name))
    return views.running(
      models.flatMap(([name, serving]) => runningOf(name, serving, now())),
      since,
    )
  })
  scope.post('/api/show', { config }, ({ arrival, body }) => {
    const name = modelNamed(Buffer.isBuffer(body) ? body : Buffer.alloc(0))
    const serving = reachOf(name, principalOf(arrival), policy().table)
    if (serving.length > 0) return views.shown(name, serving, since)
    throw new GatewayError('model_not_found', `"${name.slice(0, 200)}"; GET /api/tags lists those that there are.`, {
      param: 'model',
    })
  })
  for (const [method, url, remedy] of NOT_HERE)
    scope.route({
      method,
      url,
      config,
      onRequest: (_request, _reply, done) => done(notHere(method, url, remedy)),
      handler: () => undefined,
    })
}

const ENGINE = 'models are kept where they run: do it on the engine itself'

/** What changes the models of an engine. */
const NOT_HERE: readonly (readonly [method: 'POST' | 'DELETE' | 'HEAD', url: string, remedy: string])[] = [
  ['POST', '/api/pull', `${ENGINE}, with "ollama pull"; the gateway finds the model then`],
  ['POST', '/api/push', `${ENGINE}, with "ollama push"`],
  ['POST', '/api/create', `${ENGINE}, with "ollama create"; the gateway finds the model then`],
  ['POST', '/api/copy', 'give the model another name with `aliases` under `models` in the configuration'],
  ['DELETE', '/api/delete', `${ENGINE}, with "ollama rm"`],
  ['POST', '/api/blobs/*', `${ENGINE}, with "ollama create"`],
  ['HEAD', '/api/blobs/*', `${ENGINE}, with "ollama create"`],
]

const notHere = (method: string, url: string, remedy: string): GatewayError =>
  new GatewayError('not_implemented', `${method} ${url} is not served by the gateway: ${remedy}.`)

/** Older clients call it `name`. */
function modelNamed(raw: Buffer): string {
  const { body } = readObject(raw)
  const { model, name: older } = body
  const name = model === undefined || model === '' ? older : model
  if (typeof name !== 'string' || name === '') throw invalidMember('model', '`model` must be a string.')
  return checkedModel(name)
}

function runningOf(name: string, serving: readonly Deployment[], now: number): RunningModel[] {
  const running = serving.filter((one) => isRunning(one, now))
  if (running.length === 0) return []
  const until = Math.max(...running.map(({ residency }) => residency.until))
  return [{ name, serving: running, untilMs: until === Infinity ? null : Date.now() + until - now }]
}

const isRunning = ({ live, residency }: Deployment, now: number): boolean =>
  isUp(live.state) && isLoaded(residency, now)
