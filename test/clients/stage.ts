/** What clients are tried against: the gateway as it starts without a configuration, and one with keys before several backends. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MODEL, scriptedModel } from '../agents/scripted-model.ts'
import { NOWHERE, start } from '../cli/turnout.ts'
import { type Engine, missing, startLlama } from '../support/engines.ts'
import type { Plan } from '../support/fault-plan.ts'
import type { RecordedRequest } from '../support/fault-record.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { hashed, metricsOf } from '../support/gateway.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { type Counted, RETRY_AFTER_S, type Step } from './judge.ts'

/** One gateway as a client meets it. */
export interface Ground {
  readonly name: string
  readonly url: string
  readonly key: string
  /** Its budget is used up. */
  readonly poorKey: string
  readonly model: string
  /** What can be tried here, and says something that another ground does not. */
  readonly steps: readonly Step[]
  /** What its model is made for: a client that does not do it has nothing to ask here. */
  readonly purpose?: Step
}

export interface Stage {
  readonly grounds: readonly Ground[]
  /** What is counted from now on until the function is called, which waits for a caller that is leaving. */
  count(ground: Ground): Promise<(leaving: boolean) => Promise<Counted>>
  close(): Promise<void>
}

const KEY = 'key-of-the-clients'
const POOR = 'key-of-the-poor'
const BUSY = 'busy'

const busyRefusal = {
  status: 429,
  headers: { 'retry-after': String(RETRY_AFTER_S) },
  body: { error: { message: 'Busy.', type: 'rate_limit_error', param: null, code: null } },
}

/** A client that asks for an object does it with a tool. */
function calling(json: RecordedRequest['json']): Plan {
  const tool: unknown = Array.isArray(json?.['tools']) ? json['tools'][0]?.function?.name : undefined
  return typeof tool === 'string' ? { toolCall: { name: tool, arguments: ['{"city":', '"Vienna"}'] } } : {}
}

export async function startStage(): Promise<Stage> {
  const cwd = await mkdtemp(join(tmpdir(), 'turnout-clients-'))
  const demo = start(['serve', '--port', '0'], { cwd, env: NOWHERE })
  const demoUrl = /listening on (http:\S+)/.exec(await demo.until(/listening on http:\S+/))?.[1] ?? ''
  const scripted = await startFaultUpstream({
    models: [MODEL],
    rule: scriptedModel({ every: 0, ways: [], mayCut: () => false }).rule,
  })
  const busy = await startFaultUpstream({
    models: [BUSY],
    rule: ({ number, json }) => (number % 2 === 1 ? busyRefusal : calling(json)),
  })
  const llama: Engine | null = missing('llama') === false ? await startLlama() : null
  const models = ['demo-swift', 'demo-sage']
  const gateway = await startGatewayProcess({
    backends: [
      { name: 'demo', kind: 'openai-compatible', url: demoUrl, models },
      { name: 'scripted', kind: 'openai-compatible', url: scripted.url, models: [MODEL] },
      { name: 'busy', kind: 'openai-compatible', url: busy.url, models: [BUSY] },
      ...(llama === null ? [] : [{ name: 'engine', kind: 'llamacpp', url: llama.url, models: [llama.model] }]),
    ],
    keys: [
      { id: 'clients', hash: hashed(KEY) },
      { id: 'poor', hash: hashed(POOR) },
    ],
    budgets: [{ name: 'pocket-money', of: 'key', ids: ['poor'], per: 'month', tokens: 1 }],
    routes: [{ name: 'default', candidates: ['demo/*'] }],
    limits: { attempts: 1 },
  })
  // What a budget of one token admits is the first request.
  const spent = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${POOR}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo-swift', messages: [{ role: 'user', content: 'Hello' }] }),
  })
  await spent.arrayBuffer()

  const open = { url: demoUrl, key: 'unused', poorKey: 'unused' }
  const keyed = { url: gateway.url, key: KEY, poorKey: POOR }
  const answers: readonly Step[] = ['whole', 'streamed', 'tool']
  const free: readonly Step[] = [...answers, 'schema', 'embedding', 'unknown']
  const grounds: Ground[] = [
    { ...open, name: 'demo', model: 'auto', steps: free },
    { ...keyed, name: 'keyed', model: 'demo-swift', steps: ['whole', 'refused', 'waits'] },
    // Its answers take seconds.
    { ...open, name: 'slow', model: 'demo-sage', steps: ['leaves'] },
    { ...keyed, name: 'scripted', model: MODEL, steps: answers, purpose: 'tool' },
    ...(llama === null
      ? []
      : [{ ...keyed, name: 'llama.cpp', model: llama.model, steps: [...answers, 'schema'] as const }]),
  ]
  return {
    grounds,
    async count({ url }) {
      const { metric, settled } = metricsOf(url)
      const sum = (error: string): Promise<number> => metric('turnout_requests_total', { error })
      const before = { refusals: await sum('budget_exceeded'), left: await sum('client_closed') }
      const seen = busy.requests.length
      return async (leaving) => {
        const now = leaving
          ? await settled('turnout_requests_total', { error: 'client_closed' }, before.left + 1)
          : await sum('client_closed')
        const times = busy.requests.slice(seen).map(({ at }) => at)
        return {
          refusals: (await sum('budget_exceeded')) - before.refusals,
          left: now - before.left,
          waits: times.slice(1).map((at, before) => at - times[before]!),
        }
      }
    },
    async close() {
      await gateway.close()
      demo.child.kill('SIGKILL')
      await Promise.all([demo.ended, scripted.close(), busy.close(), llama?.stop()])
      await rm(cwd, { recursive: true, force: true })
    },
  }
}
