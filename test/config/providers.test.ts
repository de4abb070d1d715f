import { readdir, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { type Ask, CHAT, ENDPOINTS } from '../../src/core/endpoints.ts'
import { ConfigError } from '../../src/config/issues.ts'
import { FORMATS } from '../../src/formats/formats.ts'
import { loadProviders } from '../../src/config/providers.ts'
import { PROVIDERS, ROOT } from './load.ts'

t.test('each file is the kind that it is named after', async (t) => {
  const files = await readdir(resolve(ROOT, 'config/providers'))
  t.strictSame([...PROVIDERS.keys()].sort(), files.map((file) => file.replace(/\.yaml$/, '')).sort())
})

t.test('each has what its kind needs', async (t) => {
  const served = new Set(ENDPOINTS.filter((one) => one.served).map((one) => one.asks))
  const own = new Set(ENDPOINTS.map(({ path, format }) => `${format} ${path}`))
  for (const [kind, provider] of PROVIDERS) {
    t.ok(provider.label, `${kind}: label`)
    t.ok(Object.keys(provider.endpoints).length > 0, `${kind}: endpoints`)
    for (const [id, places] of Object.entries(provider.endpoints)) {
      const counts = id === 'tokens' && ENDPOINTS.some((one) => one.counts !== null)
      t.ok(
        counts || id === 'generate' || [...served].includes(id as Ask),
        `${kind}: there is an endpoint that asks ${id}`,
      )
      for (const place of places) {
        const isOwn = own.has(`${place.format} ${place.path.replace('{model}', '*')}`) && place.format !== CHAT.format
        t.ok(
          // Tokenizers stand beside the API, not in it.
          isOwn || counts || place.path.startsWith(`${provider.api}/`),
          `${kind}: ${place.path} begins with ${provider.api}, or is a path of its format`,
        )
        t.ok(FORMATS.has(place.format), `${kind}: ${id} is in a wire format that there is`)
      }
    }
    if (provider.local) {
      t.ok(
        provider.ports.length > 0 && provider.signature !== null,
        `${kind}: an engine is found by port and signature`,
      )
      t.equal(provider.url, null, `${kind}: an engine has no address of its own`)
    } else if (provider.url !== null) {
      t.match(provider.url, /^https:\/\/[^/]+$/, `${kind}: a cloud has a bare address`)
      t.ok(provider.keyEnv, `${kind}: a cloud names the variable of its key`)
    }
    const patterns = [
      provider.signature?.pattern,
      provider.remoteModels,
      ...provider.response.callerErrors.map((one) => one.pattern),
    ]
    for (const pattern of patterns) if (typeof pattern === 'string') t.doesNotThrow(() => new RegExp(pattern), pattern)
  }
})

t.test('of the rules for effort, the one for all models comes last, and each tells something', async (t) => {
  let rules = 0
  for (const [kind, { request }] of PROVIDERS)
    for (const [index, { models, fields }] of request.effort.entries()) {
      rules++
      t.ok(
        models !== null || index === request.effort.length - 1,
        `${kind}: rule ${index} leaves those below it their models`,
      )
      t.ok(Object.keys(fields).length > 1, `${kind}: rule ${index} has words`)
      for (const field of Object.values(fields).flatMap((form) => Object.keys(form)))
        t.notOk(request.drop.includes(field) || field in request.rename, `${kind}: ${field} reaches the backend`)
    }
  t.ok(rules > 15, `${rules} rules`)
})

t.test('what engines are asked about themselves is free: nothing there makes a token or loads a model', async (t) => {
  const places = [...PROVIDERS.values()].flatMap(({ kind, local, telemetry = [] }) =>
    telemetry.map((source) => ({ kind, local, ...source })),
  )
  t.ok(places.length > 15, `${places.length} places`)
  for (const { kind, local, path, perModel } of places) {
    t.ok(local, kind)
    t.notMatch(path, /generate|completion|chat|embed|tokenize|\/load\/|unload/, `${kind}: ${path}`)
    if (perModel) t.match(path, /autoload=false/, `${kind}: ${path}`)
  }
})

t.test('no two engines look for each other on one port', async (t) => {
  const ports = [...PROVIDERS.values()].flatMap((provider) => provider.ports)
  t.equal(new Set(ports).size, ports.length)
})

const PLACE = {
  path: '/a',
  streamPath: null,
  format: 'openai-chat',
  models: null,
  auth: null,
  lacks: [],
  spare: false,
  maker: false,
  drop: [],
  paths: {},
  tells: [],
}

t.test('an endpoint is a path, or a list of places with their wire formats', async (t) => {
  const folder = t.testdir({
    'mine.yaml':
      'kind: mine\nlabel: Mine\nendpoints: { chat: /a, embeddings: [{ path: /b, stream_path: /c, format: ollama }, /d] }\ndiscovery: []\n',
  })
  const providers = await loadProviders(pathToFileURL(`${folder}/`))
  t.strictSame(providers.get('mine')?.endpoints, {
    chat: [PLACE],
    embeddings: [
      { ...PLACE, path: '/b', streamPath: '/c', format: 'ollama' },
      { ...PLACE, path: '/d' },
    ],
  })
})

t.test('a broken file is named with its field', async (t) => {
  const folder = t.testdir({})
  const url = pathToFileURL(`${folder}/`)
  const refused = async (text: string): Promise<string> => {
    await writeFile(`${folder}/mine.yaml`, text)
    const error: unknown = await loadProviders(url).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    t.type(error, ConfigError)
    // Its lines are broken where a terminal ends.
    return (error as Error).message.replace(/\s+/g, ' ')
  }
  t.match(await refused('kind: mine\nlabel: Mine\nendpoints: {}\ndiscovery: []\nprots: [1]\n'), /mine\.yaml:[^]*prots/)
  t.match(await refused('kind: mine\nendpoints: {}\ndiscovery: []\n'), /mine\.yaml:[^]*label/)
  const chat = (place: string): string => `kind: mine\nlabel: Mine\nendpoints: { chat: ${place} }\ndiscovery: []\n`
  t.match(
    await refused(chat('{ path: /v1/chat, format: latin }')),
    /mine\.yaml:[^]*endpoints\.chat\[0\]\.format[^]*is no wire format of the gateway; it speaks openai-chat/,
  )
  t.match(await refused(chat('{ format: openai-chat }')), /mine\.yaml:[^]*endpoints\.chat\[0\]\.path/)
  t.match(await refused(chat('v1/chat')), /mine\.yaml:[^]*endpoints\.chat/)
  const effort = (rule: string): string =>
    `kind: mine\nlabel: Mine\nendpoints: {}\ndiscovery: []\nrequest: { effort: [${rule}] }\n`
  t.match(await refused(effort('{ fields: { huge: { x: 1 } } }')), /mine\.yaml:[^]*effort[^]*huge/)
  t.match(await refused(effort("{ models: 'a(', fields: {} }")), /mine\.yaml:[^]*effort[^]*regular expression/)
  const mine = (line: string): string => `kind: mine\nlabel: Mine\nendpoints: {}\ndiscovery: []\n${line}\n`
  t.match(
    await refused(mine('lacks: [parallel_tool_calls]')),
    /lacks\[0\][^]*"parallel_tool_calls" is no capability \(tools, [^]*request\.drop[^]*include_usage: false/,
  )
  for (const url of ['https://api.example.com/v1', 'https://api.example.com/', 'http://api.example.com'])
    t.match(await refused(mine(`url: ${url}`)), /mine\.yaml:[^]*url[^]*write "https:\/\/api\.example\.com"/, url)
  t.match(await refused(mine('url: api.example.com')), /url[^]*is not a URL; write "https:/)
  const place = (telemetry: string, local = true): string => mine(`local: ${local}\ntelemetry: [${telemetry}]`)
  t.match(await refused(place('{ path: /metrics, form: prometheus }', false)), /telemetry[^]*a cloud is never asked/)
  t.match(await refused(place('{ path: /metrics, form: text }')), /telemetry\[0\]\.form/)
  t.match(await refused(place('{ path: /metrics, form: prometheus, version: v }')), /are of `form: json`/)
  t.match(await refused(place("{ path: '/a?model={model}', form: json }")), /telemetry\[0\][^]*per_model/)
  t.match(
    await refused(place("{ path: /m, form: prometheus, figures: { running: { from: a, where: { b: '(' } } } }")),
    /telemetry\[0\]\.figures\.running[^]*regular expression/,
  )
  t.match(
    await refused(place('{ path: /m, form: prometheus, figures: { speed: a } }')),
    /telemetry\[0\]\.figures[^]*speed/,
  )
  t.match(await refused('kind: [mine\n'), /^mine\.yaml:1:7: kind: the "\[" that opens here is not closed; /)
})
