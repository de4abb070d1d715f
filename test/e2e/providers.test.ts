/**
 * Every file of config/providers/, over real sockets: the gateway does what the file says, against a backend that refuses
 * whatever the file says it refuses. A new file needs no test of its own.
 */
import type { Test } from 'tap'
import t from 'tap'
import { detect } from '../../src/backends/fleet/detect.ts'
import { loadProviders } from '../../src/config/providers.ts'
import { CHAT, ENDPOINTS } from '../../src/core/endpoints.ts'
import type { Json } from '../../src/core/json.ts'
import type { DiscoverySource, Provider } from '../../src/core/provider.ts'
import { eventually } from '../support/await.ts'
import { BODIES, chat, CHAT_PATH, readStream } from '../support/chat.ts'
import { failing, type Plan } from '../support/fault-plan.ts'
import type { RecordedRequest } from '../support/fault-record.ts'
import type { FaultUpstream } from '../support/fault-upstream.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import type { Gateway } from '../support/gateway.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

const KEY = 'sk-test-000000000'
/** The one model of its list. */
const MODEL = 'tiny'

/** A value at a dotted path; '' = the value itself. */
const at = (path: string, value: Json): Json =>
  path === '' ? value : path.split('.').reduceRight<Json>((inner, name) => ({ [name]: inner }), value)

/** The list of models as this source reads it. */
const listOf = ({ list, id }: DiscoverySource): Plan => ({ body: at(list, [at(id, MODEL)]) as object })

/** The sources without which nothing is known of its models. */
const neededOf = ({ discovery }: Provider): readonly DiscoverySource[] =>
  discovery.filter((source) => !source.perModel && source.method === 'GET').slice(0, 1)

const pathOf = ({ path }: { readonly path: string }): string => path.split('?')[0]!

/** What a backend of this kind refuses of a request. */
function refusalOf({ request }: Provider, { json = {} }: RecordedRequest): Plan | undefined {
  const messages = (json['messages'] ?? []) as readonly Readonly<Record<string, unknown>>[]
  const refused = [
    ...[...request.drop, ...Object.keys(request.rename)].filter((field) => field in json),
    ...(request.includeUsage || !('stream_options' in json) ? [] : ['stream_options']),
    ...request.dropFromMessages.filter((field) => messages.some((message) => field in message)),
    ...Object.keys(request.roles).filter((role) => messages.some((message) => message['role'] === role)),
  ]
  return refused.length > 0 ? failing(400, { message: `refused: ${refused.join(', ')}` }) : undefined
}

interface Running {
  readonly gateway: Gateway
  readonly upstream: FaultUpstream
}

async function start(test: Test, provider: Provider): Promise<Running> {
  const sources = neededOf(provider)
  const upstream = await startFaultUpstream({
    rule: (request) => refusalOf(provider, request),
    probe: ({ path, method }) => {
      const source = sources.find((one) => pathOf(one) === path && one.method === method)
      return source === undefined ? undefined : listOf(source)
    },
  })
  test.teardown(() => upstream.close())
  const { kind } = provider
  // The stand-in speaks this one alone.
  const asked = { formats: [CHAT.format], ...(sources.length > 0 ? {} : { models: [MODEL] }) }
  const backend = { name: 'own', kind, url: upstream.url, key: KEY, ...asked }
  const gateway = await gatewayFor(test, { backends: [backend] })
  await eventually(5_000, `${kind}: its models are known`, async () => (await idsOf(gateway)).includes(MODEL))
  return { gateway, upstream }
}

async function idsOf(gateway: Gateway): Promise<string[]> {
  const list = (await (await fetch(`${gateway.url}/v1/models`)).json()) as { readonly data: { readonly id: string }[] }
  return list.data.map(({ id }) => id)
}

function hasHeaders(test: Test, { auth, headers }: Provider, { headers: got, path }: RecordedRequest): void {
  test.equal(got[auth.header], auth.prefix + KEY, `${path}: the key is in ${auth.header}`)
  if (auth.header !== 'authorization') test.equal(got['authorization'], undefined, `${path}: and nowhere else`)
  for (const [name, value] of Object.entries(headers)) test.equal(got[name], value, `${path}: ${name}`)
}

/** Fields with a value that needs no capability of the model. */
const PLAIN: Readonly<Record<string, Json>> = {
  logprobs: false,
  top_logprobs: 0,
  n: 1,
  seed: 7,
  verbosity: 'low',
  parallel_tool_calls: false,
}

const providers = await loadProviders()

for (const provider of providers.values()) {
  const { kind, url, keyEnv, ports, endpoints, request } = provider

  if (keyEnv !== null && ports.length === 0)
    t.test(`${kind} is found by ${keyEnv} where nothing is configured`, async (t) => {
      const found = await detect({ providers, env: { [keyEnv]: ` ${KEY} ` }, ports: {} })
      t.match(found, [{ usable: true, spec: { name: kind, root: url, key: KEY } }])
      t.equal(found.length, 1, `no other file has ${keyEnv}`)
      t.notMatch(found[0]!.line, KEY, 'the key is not shown')
    })

  t.test(`${kind} lists its models, and is called at its paths with its header`, async (t) => {
    const { gateway, upstream } = await start(t, provider)
    for (const source of neededOf(provider)) {
      const asked = upstream.probes.find(({ path }) => path === pathOf(source))
      t.ok(asked, `${source.path} was called`)
      if (asked !== undefined) hasHeaders(t, provider, asked)
    }
    let calls = 0
    // Other formats have tests of their own.
    for (const { id, path, asks, format } of ENDPOINTS.filter((one) => one.format === CHAT.format)) {
      const place = asks === null ? undefined : endpoints[asks]?.find((one) => one.format === format)
      if (place === undefined) continue
      const answer = await rawPost(gateway.url, path, BODIES[path] ?? {})
      await answer.complete
      t.equal(answer.status, 200, id)
      t.equal(upstream.requests.length, ++calls, `${id}: one call`)
      const call = upstream.requests.at(-1)!
      t.equal(call.path, place.path)
      t.equal(call.json?.['model'], MODEL)
      hasHeaders(t, provider, call)
    }
    t.ok(calls > 0, 'it has an endpoint')
  })

  if (endpoints['chat'] !== undefined)
    t.test(`${kind} is sent nothing that its file says it refuses, and so is called once`, async (t) => {
      const { gateway, upstream } = await start(t, provider)
      const refused = Object.fromEntries(request.drop.map((field) => [field, PLAIN[field] ?? {}]))
      const dropped = { role: 'user', content: 'hi', ...Object.fromEntries(request.dropFromMessages.map((one) => [one, 'x'])) }
      const roles = Object.keys(request.roles).map((role) => ({ role, content: 'Be brief.' }))
      const asks: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
        'fields that it refuses': refused,
        'fields of messages and roles that it does not know': { messages: [...roles, dropped] },
        'names that it has otherwise': Object.fromEntries(Object.keys(request.rename).map((field) => [field, 7])),
      }
      let calls = 0
      for (const [what, fields] of Object.entries(asks))
        for (const stream of [false, true]) {
          const more = stream ? { stream_options: { include_usage: true } } : {}
          const answer = await rawPost(gateway.url, CHAT_PATH, chat({ ...fields, ...more, stream }))
          if (stream) await readStream(answer)
          await answer.complete
          t.equal(answer.status, 200, what)
          t.equal(upstream.requests.length, ++calls, `${what}: one call`)
          const sent = upstream.requests.at(-1)!.json ?? {}
          const options = stream && request.includeUsage ? { include_usage: true } : undefined
          t.strictSame(sent['stream_options'], options, 'usage is asked for where it can be')
          for (const [field, name] of Object.entries(request.rename))
            if (field in fields) t.equal(sent[name], 7, `${field} is sent as ${name}`)
        }
    }) // prettier-ignore
}

t.test('all files were read', (t) => {
  t.ok(providers.size >= 15)
  t.end()
})
