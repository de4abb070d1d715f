import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { schemaText } from '../../src/cli/schema.ts'
import { DEFAULT_DISCOVERY, DEFAULT_LIMITS, DEFAULT_SERVER } from '../../src/config/defaults.ts'
import { shadows } from '../../src/decision/route/unreachable.ts'
import { STRATEGY_NAMES } from '../../src/core/strategies.ts'
import { WEIGHT_NAMES } from '../../src/core/terms.ts'
import { EXAMPLE_ENV, EXAMPLES, exampleText, load, refusal, ROOT } from './load.ts'

interface Node {
  readonly type?: string | readonly string[]
  readonly default?: unknown
  readonly description?: string
  readonly pattern?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly additionalProperties?: Node | boolean
  readonly anyOf?: readonly Node[]
}

const SCHEMA_FILE = await readFile(resolve(ROOT, 'config/schema.json'), 'utf8')
const SCHEMA = JSON.parse(SCHEMA_FILE) as Node
const validate = new Ajv({ strict: false, allErrors: true }).compile(SCHEMA)

t.test('config/schema.json is what `turnout schema` prints', async (t) => {
  t.strictSame(SCHEMA, JSON.parse(schemaText()), 'run `npm run schema`')
})

t.test('every example loads, is named to editors, and fits the schema', async (t) => {
  for (const name of EXAMPLES) {
    const text = await exampleText(name)
    t.equal(text.split('\n', 1)[0], '# yaml-language-server: $schema=../schema.json', name)
    t.equal(refusal(text, EXAMPLE_ENV), '', name)
    t.ok(validate(parse(text)), `${name}: ${JSON.stringify(validate.errors)}`)
    const { warnings, config } = load(text, EXAMPLE_ENV)
    if (name !== 'full') t.strictSame(warnings, [], name)
    t.strictSame(shadows(config.routes, config.keys), [], name)
  }
})

t.test('the schema refuses what the gateway refuses', async (t) => {
  const backends = [{ name: 'a', kind: 'openai' }]
  t.ok(validate({ backends }))
  for (const wrong of [{}, { backends: [] }, { backends, limts: {} }, { backends, limits: { ttft: 5 } }])
    t.notOk(validate(wrong), JSON.stringify(wrong))
  t.notOk(validate({ backends, limits: { ttft: '5 parsecs' } }))
  t.notOk(validate({ backends, limits: { body: '5s' } }))
})

t.test('durations and sizes are texts with a pattern', async (t) => {
  const limits = SCHEMA.properties?.['limits']?.properties ?? {}
  for (const name of ['connect', 'headers', 'ttft', 'idle', 'total', 'body', 'bodies', 'keep_alive', 'buffer']) {
    t.equal(limits[name]?.type, 'string', name)
    t.ok(limits[name]?.pattern, name)
  }
})

t.test('the schema carries the defaults, as they are written', async (t) => {
  const defaults = (section: string): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(SCHEMA.properties?.[section]?.properties ?? {}).map(([name, node]) => [name, node.default]),
    )
  const full = parse(await exampleText('full')) as Record<string, Record<string, unknown>>
  // What `server.log` is without being said depends on where the lines go.
  t.equal(defaults('server')['log'], undefined)
  full['server'] = { ...full['server'], log: undefined }
  for (const section of ['server', 'limits', 'discovery']) t.strictSame(defaults(section), full[section], section)
})

t.test('the schema takes variables where the gateway does', async (t) => {
  const backends = [{ name: 'a', kind: 'openai' }]
  const fileWith = (port: unknown, ttft: unknown): object => ({ backends, server: { port }, limits: { ttft } })
  t.ok(validate(fileWith('${PORT:-7070}', '${TTFT}')))
  t.notOk(validate(fileWith('7070', '5s')))
  t.notOk(validate(fileWith(70000, '5s')))
})

t.test('the values of full.yaml are the defaults', async (t) => {
  const { config } = load(await exampleText('full'), EXAMPLE_ENV)
  t.match(config.models['qwen3-32b'], { efforts: ['none', 'high'], paramsB: 32, context: 32768 })
  t.strictSame(config.server, { ...DEFAULT_SERVER, log: 'json' })
  t.strictSame(config.limits, DEFAULT_LIMITS)
  t.strictSame(config.discovery, DEFAULT_DISCOVERY)
  const { connectMs, headersMs, ttftMs, idleMs, totalMs, attempts } = DEFAULT_LIMITS
  t.strictSame(config.routes[0]?.limits, { connectMs, headersMs, ttftMs, idleMs, totalMs, attempts })
  t.equal(config.routes[0]?.strategy, 'balanced')
  t.equal(config.backends[0]?.includeUsage, config.backends[0]?.provider.request.includeUsage)
})

/** `routes[].limits.ttft`, for each option that has no options of its own. */
function optionsOf(node: Node, path: string): string[] {
  if (node.properties !== undefined)
    return Object.entries(node.properties).flatMap(([name, one]) =>
      optionsOf(one, path === '' ? name : `${path}.${name}`),
    )
  if (node.items?.properties !== undefined) return optionsOf(node.items, `${path}[]`)
  if (typeof node.additionalProperties === 'object' && node.additionalProperties.properties !== undefined)
    return optionsOf(node.additionalProperties, `${path}{}`)
  return [path]
}

function written(value: unknown, path: string, known: ReadonlySet<string>): string[] {
  if (known.has(path) || typeof value !== 'object' || value === null) return [path]
  if (Array.isArray(value)) return value.flatMap((one) => written(one, `${path}[]`, known))
  const named = [...known].some((option) => option.startsWith(`${path}{}`))
  return Object.entries(value).flatMap(([name, one]) =>
    written(one, named ? `${path}{}` : path === '' ? name : `${path}.${name}`, known),
  )
}

/** A price is the same wherever it stands, and a tier has the rates of one. */
const onePrice = (option: string): string =>
  option.replace('backends[].price', 'models{}.price').replace(/tiers\[\]\.(?!above)/, '')

t.test('full.yaml shows every option', async (t) => {
  const all = new Set(optionsOf(SCHEMA, ''))
  t.ok(all.size > 60, `${all.size} options`)
  const shown = new Set(written(parse(await exampleText('full')), '', all).map(onePrice))
  t.strictSame(
    [...all].filter((option) => !shown.has(onePrice(option))),
    [],
  )
})

t.test('routing.yaml shows every condition and every form of a strategy', async (t) => {
  const { routes, store } = load(await exampleText('routing'), EXAMPLE_ENV).config
  const shown = new Set(
    routes.flatMap(({ match }) =>
      Object.entries(match ?? {}).flatMap(([name, value]) => (value === null ? [] : [name])),
    ),
  )
  t.strictSame([...shown].sort(), ['class', 'header', 'hour', 'key', 'model', 'needs', 'tokens'])
  const forms = routes.map(({ strategy }) => (typeof strategy === 'string' ? strategy : Object.keys(strategy).join()))
  t.strictSame([...new Set(forms)].sort(), [...STRATEGY_NAMES, 'cheapestWithin', WEIGHT_NAMES.join()].sort())
  t.ok(routes.some(({ fallback }) => fallback.length > 1))
  t.ok(routes.some(({ baseline }) => baseline !== null))
  t.ok(routes.some(({ success }) => success.json && success.schema && success.finish !== null))
  t.ok(routes.some(({ explore }) => !explore))
  t.not(store.state, null)
})
