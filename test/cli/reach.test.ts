import t from 'tap'
import { routeReach } from '../../src/cli/reach.ts'
import { load } from '../config/load.ts'

/** `backend: declared models | patterns` for each backend that a route with these candidates reaches. */
function reach(candidates: string, more = ''): string[] {
  const { config } = load(`
backends:
  - { name: gpu-a, kind: vllm, url: 'http://gpu-a:8000' }
  - { name: gpu-b, kind: vllm, url: 'http://gpu-b:8000', models: [qwen, meta/llama] }
  - { name: openai, kind: openai, key: k }
  - { name: azure, kind: azure, url: 'https://example.openai.azure.com', key: k, models: [gpt, mini] }
routes: [{ name: r, candidates: ${candidates}${more} }]`)
  return routeReach(config.routes[0]!, config).map(
    ({ backend, declared, patterns }) => `${backend ?? '?'}: ${declared.join()} | ${patterns.join()}`,
  )
}

t.test('declared models by name, of listed ones the pattern', async (t) => {
  t.strictSame(reach('[gpu-b/qwen, openai/gpt-5, azure/gpt]'), ['gpu-b: qwen | ', 'openai:  | gpt-5', 'azure: gpt | '])
  t.strictSame(reach("['gpu-*/*']"), ['gpu-a:  | *', 'gpu-b: qwen,meta/llama | *'])
  t.strictSame(reach("['gpu-b/q*']"), ['gpu-b: qwen | q*'])
})

t.test('in the order of the candidates, each backend once', async (t) => {
  t.strictSame(reach("[azure/mini, 'gpu-a/*', azure/gpt, gpu-a/x]"), ['azure: mini,gpt | ', 'gpu-a:  | *'])
})

t.test('a pattern without a backend is for all of them', async (t) => {
  t.strictSame(reach('[gpt]'), ['gpu-a:  | gpt', 'gpu-b:  | gpt', 'openai:  | gpt', 'azure: gpt | '])
  t.strictSame(reach("['*']"), ['gpu-a:  | *', 'gpu-b: qwen,meta/llama | *', 'openai:  | *', 'azure: gpt,mini | '])
})

t.test('an id with a slash is no backend', async (t) => {
  t.strictSame(reach('[meta/llama]'), ['gpu-b: meta/llama | '])
  t.strictSame(reach("['meta/*']"), ['gpu-b: meta/llama | '])
  t.strictSame(reach("['nobody/*']"), ['?:  | nobody/*'])
})

t.test('only local engines, and nothing at all', async (t) => {
  t.strictSame(reach("['*']", ', strategy: local'), reach("['*']", ', limits: { local_only: true }'))
  t.strictSame(reach("['*']", ', strategy: local'), ['gpu-a:  | *', 'gpu-b: qwen,meta/llama | *'])
  t.strictSame(reach('[openai/gpt-5]', ', strategy: local'), [])
  t.strictSame(reach('[azure/nope]'), [])
})

t.test('other patterns than the candidates, within the bounds of the route', async (t) => {
  const { config } = load(`
backends:
  - { name: gpu, kind: vllm, url: 'http://gpu:8000' }
  - { name: openai, kind: openai, key: k }
routes: [{ name: r, candidates: ['gpu/*'], fallback: ['*/gpt'], limits: { local_only: true } }]`)
  const [route] = config.routes
  t.strictSame(routeReach(route!, config, route!.fallback), [{ backend: 'gpu', declared: [], patterns: ['gpt'] }])
})
