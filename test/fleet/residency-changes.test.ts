/** What a gateway knows of an engine whose models come, go, and come back with another context: over sockets, by the data of each kind. */
import t, { type Test } from 'tap'
import { loadProviders } from '../../src/config/providers.ts'
import { isLoaded } from '../../src/core/residency.ts'
import type { BackendSpec } from '../../src/core/settings.ts'
import type { Deployment } from '../../src/core/types.ts'
import { Fleet } from '../../src/backends/fleet/fleet.ts'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { eventually } from '../support/await.ts'
import { WEIGHTS } from '../support/factories.ts'
import { backend, config, type EngineDouble, json, type Routes, startEngine } from './engine-double.ts'

const providers = await loadProviders()

interface Watched {
  readonly fleet: Fleet
  readonly double: EngineDouble
  readonly of: (model: string) => Deployment
  /** Resolves when the gateway has seen the model so. */
  readonly sees: (model: string, loaded: boolean, context?: number) => Promise<void>
}

async function watch(test: Test, kind: string, routes: Routes, changes: Partial<BackendSpec> = {}): Promise<Watched> {
  const double = await startEngine({ ...routes })
  test.teardown(() => double.close())
  const spec = backend(double.root, {
    provider: providers.get(kind)!,
    loadsOnDemand: providers.get(kind)!.response.loadsOnDemand,
    ...changes,
  })
  const fleet = new Fleet(
    config([spec], { discovery: { intervalMs: 30, retryMs: 20, timeoutMs: 2_000, pollMs: 20 } }),
    {
      now: () => performance.now(),
      onChange: () => undefined,
      emit: () => undefined,
      lessons: new ModelStats(WEIGHTS),
    },
  )
  test.teardown(() => fleet.stop())
  await fleet.start()
  const of = (model: string): Deployment => fleet.catalog.all.find((one) => one.model === model)!
  const sees = (model: string, loaded: boolean, context?: number): Promise<void> =>
    eventually(3_000, `${kind}: ${model} ${loaded ? 'loaded' : 'not loaded'} ${context ?? ''}`, () => {
      const one = of(model)
      return (
        isLoaded(one.residency, performance.now()) === loaded &&
        (context === undefined || one.facts.context === context)
      )
    })
  return { fleet, double, of, sees }
}

t.test('Ollama: loaded, evicted, loaded again with another context, left by keep-alive', async (t) => {
  const tag = (model: string, size: number) => ({
    name: model,
    model,
    size,
    digest: model,
    details: { family: 'llama', context_length: 131_072 },
    capabilities: ['completion'],
  })
  const ps = (...models: readonly (readonly [string, number, number])[]) =>
    json({
      models: models.map(([model, context_length, leavesInMs]) => ({
        name: model,
        model,
        context_length,
        expires_at: new Date(Date.now() + leavesInMs).toISOString(),
      })),
    })
  const { double, of, sees } = await watch(t, 'ollama', {
    'GET /api/tags': json({ models: [tag('a:latest', 3e9), tag('b:latest', 6e9), tag('c:cloud', 1)] }),
    'GET /api/ps': ps(),
    'POST /api/show': ({ body }) => json(body.includes('b:latest') ? { parameters: 'num_ctx 2048' } : {}),
  })
  await sees('a:latest', false, 4096)
  await sees('b:latest', false, 2048)
  t.match(of('a:latest'), { residency: { loadSeconds: 2 }, facts: { contextFrom: 'usual', slots: null } })
  t.match(of('b:latest'), { residency: { loadSeconds: 4 }, facts: { contextFrom: 'engine' } })
  t.match(of('c:cloud'), { residency: { loaded: true, until: Infinity }, facts: { context: 131_072 } })

  double.routes['GET /api/ps'] = ps(['a:latest', 32_768, 300_000])
  await sees('a:latest', true, 32_768)
  const left = of('a:latest').residency.until - performance.now()
  t.ok(left > 290_000 && left <= 300_000, `by its keep-alive: ${left}`)

  double.routes['GET /api/ps'] = ps(['b:latest', 2048, 300_000])
  await sees('b:latest', true, 2048)
  await sees('a:latest', false, 32_768)
  t.ok(isLoaded(of('c:cloud').residency, performance.now()), 'what runs at its vendor is in no such list')

  double.routes['GET /api/ps'] = ps(['a:latest', 8192, 300_000])
  await sees('a:latest', true, 8192)
  double.routes['GET /api/ps'] = ps(['a:latest', 8192, 60])
  await sees('a:latest', false)
})

t.test('Ollama takes one request at a time of some architectures, and of models of embeddings', async (t) => {
  const tag = (model: string, family: string, can: string) => ({
    model,
    digest: model,
    details: { family },
    capabilities: [can],
  })
  const { of, sees } = await watch(t, 'ollama', {
    'GET /api/tags': json({
      models: [
        tag('seeing', 'qwen3vlmoe', 'completion'),
        tag('plain', 'qwen3', 'completion'),
        tag('vectors', 'bert', 'embedding'),
      ],
    }),
    'GET /api/ps': json({ models: null }),
  })
  await sees('plain', false)
  t.strictSame(
    ['seeing', 'plain', 'vectors'].map((model) => of(model).facts.slots),
    [1, null, 1],
  )
  t.strictSame(
    ['seeing', 'plain', 'vectors'].map((model) => of(model).latency.room.slots),
    [1, null, 1],
  )
})

t.test('the router of llama.cpp: loaded, loading and unloaded models', async (t) => {
  const list = (states: Readonly<Record<string, string>>) =>
    json({
      data: Object.entries(states).map(([id, value]) => ({
        id,
        owned_by: 'llamacpp',
        status: { value, args: ['llama-server', '--ctx-size', '8192', '--parallel', '4'] },
        ...(value === 'loaded' ? { meta: { n_ctx: 2048, n_ctx_train: 40_960, size: 6e9 } } : {}),
      })),
    })
  const { of, sees } = await watch(t, 'llamacpp', {
    'GET /v1/models': list({ a: 'loaded', b: 'unloaded', c: 'loading' }),
  })
  await sees('a', true, 2048)
  await sees('b', false, 2048)
  await sees('c', false)
  t.equal(of('a').residency.loadSeconds, 4)
})

t.test('llama-swap and LM Studio: what runs there', async (t) => {
  const swap = await watch(t, 'llama-swap', {
    'GET /v1/models': json({
      data: [
        { id: 'a', owned_by: 'llama-swap' },
        { id: 'b', owned_by: 'llama-swap' },
      ],
    }),
    'GET /running': json({
      running: [
        { model: 'a', state: 'ready' },
        { model: 'b', state: 'starting' },
      ],
    }),
  })
  await swap.sees('a', true)
  await swap.sees('b', false)
  swap.double.routes['GET /running'] = json({ running: [{ model: 'b', state: 'ready' }] })
  await swap.sees('b', true)
  await swap.sees('a', false)

  const entry = (key: string, contexts: readonly number[]) => ({
    type: 'llm',
    key,
    size_bytes: 3e9,
    max_context_length: 131_072,
    loaded_instances: contexts.map((context_length) => ({ config: { context_length, parallel: 4 } })),
    capabilities: { vision: false, trained_for_tool_use: true },
  })
  const studio = await watch(t, 'lmstudio', {
    'GET /v1/models': json({ data: [{ id: 'a' }, { id: 'b' }] }),
    'GET /api/v1/models': json({ models: [entry('a', [8192]), entry('b', [])] }),
  })
  await studio.sees('a', true, 8192)
  await studio.sees('b', false)
  t.match(studio.of('a').facts, { slots: 4, trainedContext: 131_072, capabilities: { tools: true, vision: false } })
  t.equal(studio.of('b').facts.context, null, 'never what it was trained for')
  studio.double.routes['GET /api/v1/models'] = json({ models: [entry('a', [4096]), entry('b', [])] })
  await studio.sees('a', true, 4096)
})

t.test('a LoRA adapter of vLLM has the context of its model', async (t) => {
  const { of } = await watch(t, 'vllm', {
    'GET /v1/models': json({
      data: [
        { id: 'base', owned_by: 'vllm', max_model_len: 8192, parent: null },
        { id: 'adapter', owned_by: 'vllm', max_model_len: null, parent: 'base' },
      ],
    }),
  })
  t.strictSame(
    ['base', 'adapter'].map((model) => of(model).facts.context),
    [8192, 8192],
  )
  t.ok(['base', 'adapter'].every((model) => isLoaded(of(model).residency, performance.now())))
})
