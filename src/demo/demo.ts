/** Two simulated models on this machine, for a gateway that finds nothing else to serve. */
import { ownPlaces } from '../core/ask-place.ts'
import { valuesOf } from '../core/options/option.ts'
import { BACKEND_OPTIONS } from '../core/options/options.ts'
import { CHAT, COMPLETIONS, EMBEDDINGS } from '../core/endpoints.ts'
import type { BackendSpec } from '../core/settings.ts'
import type { Provider } from '../core/provider.ts'
import { type DemoModel, SAGE, SWIFT } from './models.ts'
import { serveModel } from './server.ts'

export interface Demo {
  readonly backends: readonly BackendSpec[]
  /** Ends what is being answered. */
  close(): Promise<void>
}

/** `seed`: other texts for the same requests. `speed`: 2 is twice as fast, Infinity answers without delay. */
export async function startDemo({ seed = 1, speed = 1 }: { seed?: number; speed?: number } = {}): Promise<Demo> {
  const models = [SWIFT, SAGE]
  const servers = await Promise.all(models.map((model) => serveModel(model, { seed, speed })))
  return {
    backends: models.map((model, index) => backendOf(model, servers[index]!.root)),
    async close() {
      await Promise.all(servers.map((server) => server.close()))
    },
  }
}

const backendOf = (model: DemoModel, root: string): BackendSpec => ({
  name: model.backend,
  provider: PROVIDER,
  root,
  key: null,
  keys: [],
  limits: null,
  keyFrom: null,
  price: model.price,
  includeUsage: true,
  onAbort: 'cancel',
  engine: null,
  loadsOnDemand: false,
  ...valuesOf(BACKEND_OPTIONS, { models: [model.id] }),
})

const PROVIDER: Provider = {
  kind: 'demo',
  label: 'Built-in simulation',
  otelName: null,
  generic: false,
  priceList: null,
  serviceTiers: {},
  local: true,
  remoteModels: null,
  url: null,
  api: '/v1',
  ports: [],
  keyEnv: null,
  auth: { header: 'authorization', prefix: 'Bearer ' },
  headers: {},
  forward: [],
  lacks: [],
  endpoints: ownPlaces([CHAT, COMPLETIONS, EMBEDDINGS]),
  signature: { path: '/v1/models', pattern: '"owned_by":"turnout-demo"' },
  discovery: [
    {
      method: 'GET',
      path: '/v1/models',
      perModel: false,
      body: null,
      list: 'data',
      id: 'id',
      context: ['context_length'],
      capabilities: ['capabilities'],
      words: {
        chat: 'chat',
        tools: 'tools',
        json_schema: 'json_schema',
        embeddings: 'embeddings',
        vision: 'vision',
        audio: 'audio',
        logprobs: 'logprobs',
        rerank: 'rerank',
        reasoning: 'reasoning',
      },
      required: true,
    },
  ],
  request: {
    rename: {},
    outputLimit: 'max_tokens',
    drop: [],
    roles: {},
    dropFromMessages: [],
    thoughts: null,
    freeTools: false,
    shortToolIds: false,
    includeUsage: true,
    rerankStrings: false,
    effort: [],
  },
  response: {
    headersWithFirstToken: true,
    cutsLongPrompts: false,
    onAbort: 'cancel',
    loadsOnDemand: false,
    wakes: true,
    callerErrors: [],
  },
}
