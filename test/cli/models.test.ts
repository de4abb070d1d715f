import t from 'tap'
import { stringify } from 'yaml'
import { beliefTable } from '../../src/cli/belief-table.ts'
import { modelTable } from '../../src/cli/model-table.ts'
import { shownDeployment, type ShownDeployment } from '../../src/http/shown-deployment.ts'
import { deployment } from '../support/factories.ts'
import type { Deployment } from '../../src/core/types.ts'
import { hashed } from '../support/gateway.ts'
import { gatewayFor } from '../support/rig.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { NOWHERE, run } from './turnout.ts'

/** No gateway of this machine: nobody listens on port 1. */
const SILENT = { TURNOUT_PORT: '1', ...NOWHERE }

const MODELS = {
  'up/known': {
    context: 128_000,
    capabilities: { tools: true, vision: false, reasoning: true },
    quality: { default: 0.8 },
    price: { input_per_mtok_usd: 0.15, output_per_mtok_usd: 0.6 },
  },
}

t.test('the models of the gateway that runs, those that the key may reach', async (t) => {
  const upstream = await startFaultUpstream({})
  t.teardown(() => upstream.close())
  const config = {
    backends: [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['known', 'unknown'] }],
    models: MODELS,
    routes: [{ name: 'small', candidates: ['up/unknown'] }],
    keys: [
      { id: 'all', hash: hashed('all-key') },
      { id: 'few', hash: hashed('few-key'), routes: ['small'] },
    ],
  }
  const gateway = await gatewayFor(t, config)
  const cwd = t.testdir({ 'turnout.yaml': stringify({ ...config, keys: [] }) })
  const env = { ...SILENT, TURNOUT_PORT: new URL(gateway.url).port }
  const asked = await run(['models'], { cwd, env: { ...env, TURNOUT_KEY: 'all-key' } })
  t.equal(asked.err, `asked the gateway at ${gateway.url}\n`)
  t.match(asked, { code: 0, out: /^model +context +in +out +success +can\n +tokens +USD\/M +USD\/M +0\.\.1\n/ })
  t.match(asked.out, /^up\/known +128k +0\.15 +0\.6 +0\.\d\d±0\.\d\d +tools reasoning\n/m)
  t.match(asked.out, /^up\/unknown +\? +\? +\? +0\.\d\d±0\.\d\d +-\n/m)

  const json = await run(['models', 'KNOW', '--json', '--url', gateway.url, '--key', 'all-key'], { cwd, env: SILENT })
  t.equal(json.err, '')
  const [known, ...more] = JSON.parse(json.out) as ShownDeployment[]
  t.equal(more.length, 1)
  t.match(known, {
    id: 'up/known',
    backend: 'up',
    kind: 'openai-compatible',
    model: 'known',
    state: 'ready',
    reason: null,
    context_tokens: 128_000,
    price: { input_per_mtok_usd: 0.15, cached_input_per_mtok_usd: null, output_per_mtok_usd: 0.6 },
    capabilities: { tools: true, vision: false, reasoning: true },
  })
  t.notOk(json.out.includes(upstream.url))

  const few = await run(['models'], { cwd, env: { ...env, TURNOUT_KEY: 'few-key' } })
  t.match(few.out, /^up\/unknown /m)
  t.notMatch(few.out, /^up\/known /m)
  t.match(await run(['models', '--key', 'canary-wrong'], { cwd, env }), {
    code: 1,
    err: /^turnout models: invalid_api_key/,
  })
  t.match(await run(['models', 'none'], { cwd, env: { ...env, TURNOUT_KEY: 'all-key' } }), {
    code: 1,
    out: '',
    err: /^turnout models: none of 3 has "none" in its name$/m,
  })
  const unkeyed = await run(['models'], { cwd, env })
  t.match(unkeyed, { code: 0, out: /^up\/known /m, err: /asks for a key .*: worked out here$/m })
})

t.test('without a gateway: what the configuration leads to, or what is found', async (t) => {
  const backends = [{ name: 'gone', kind: 'openai-compatible', url: 'http://127.0.0.1:1', models: ['known'] }]
  const cwd = t.testdir({ 'turnout.yaml': stringify({ backends }), empty: {} })
  const { code, out, err } = await run(['models'], { cwd, env: SILENT })
  t.equal(code, 0, err)
  t.match(err, /^no gateway at http:\/\/127\.0\.0\.1:1 \(connection refused\): worked out here\n/)
  t.match(out, /^gone\/known .*\n\ngone is down: connection refused\n$/m)
  const found = await run(['models'], { cwd: `${cwd}/empty`, env: SILENT })
  t.match(found, { code: 0, out: /^simulator-1\/demo-swift /m, err: /no configuration: looking/ })
  t.strictSame(found.out.split('\n').filter((line) => line.length > 80), []) // prettier-ignore
})

t.test('the table: never wider than it may be, no name is lost, unknown is ?', async (t) => {
  const all = [`b/${'x'.repeat(70)}`, 'b/evil\u001b[2J'].map((id) => shownDeployment(deployment(id), 0))
  const capable: ShownDeployment = {
    ...all[0]!,
    id: 'b/capable',
    context_tokens: 1_048_576,
    capabilities: {
      tools: true,
      vision: true,
      audio: true,
      json_schema: true,
      reasoning: true,
      embeddings: true,
      n: true,
    },
  }
  for (const width of [80, 100, 120]) {
    const text = modelTable([...all, capable], width)
    t.strictSame(text.split('\n').filter((line) => line.length > width), []) // prettier-ignore
    t.notMatch(text, /[ \t]$/m)
    t.notMatch(text, '\u001b')
    t.ok(text.includes('x'.repeat(70)))
    t.match(text, /^b\/capable +1M /m)
    for (const word of ['tools', 'vision', 'audio', 'json_schema', 'reasoning', 'embeddings']) t.match(text, word)
  }
})

t.test('a backend whose key is not set is left out by name, and the others are told', async (t) => {
  const backends = [
    { name: 'here', kind: 'openai-compatible', url: 'http://127.0.0.1:1', models: ['known'] },
    { name: 'cloud', kind: 'openai', key: '${CANARY_CLOUD_KEY}' },
  ]
  const cwd = t.testdir({ 'turnout.yaml': stringify({ backends, store: { redis: '${CANARY_REDIS}' } }) })
  const left = /^warning: backend cloud is left out: the variable CANARY_CLOUD_KEY is not set$/m
  t.match(await run(['models'], { cwd, env: SILENT }), { code: 0, out: /^here\/known /m, err: left })
  t.match(await run(['route', 'Hello'], { cwd, env: SILENT }), { out: /here\/known/, err: left })
  const keyed = { ...SILENT, CANARY_CLOUD_KEY: 'x' }
  const wrong = t.testdir({ 'turnout.yaml': stringify({ backends, keys: [{ id: 'a', hash: '${CANARY_HASH}' }] }) })
  const refused = await run(['models'], { cwd: wrong, env: keyed })
  t.match(refused, { code: 1, err: /keys\[0\]\.hash: the variable CANARY_HASH is not set/ })
})

t.test('what is loaded has a column where something is not, and each fact tells who says it', async (t) => {
  const facts = {
    context: 2048,
    contextFrom: 'engine',
    capabilities: { tools: true, vision: true, logprobs: true },
    capabilitiesFrom: { tools: 'catalogue', vision: 'engine', logprobs: 'operator' },
  } as const
  const refused = new Map(['tools', 'vision', 'logprobs'].map((one) => [one, 600_000]))
  const warm = deployment('b/warm', { facts, residency: { loaded: true, until: 1000, loadSeconds: 2.5 } })
  const cold = deployment('b/cold', { facts, residency: { loaded: false }, health: { unsupportedUntil: refused } })
  const unheard = deployment('b/unheard', { residency: { loaded: null } })
  const stays = deployment('b/stays')
  t.match(shownDeployment(warm, 999), {
    context_tokens: 2048,
    context_from: 'engine',
    loaded: true,
    load_seconds: 2.5,
    capabilities_from: { tools: 'catalogue', vision: 'engine', logprobs: 'operator' },
  })
  t.equal(shownDeployment(warm, 1000).loaded, false, 'it was to leave by now')
  t.match(shownDeployment(stays, 999), { loaded: true, load_seconds: null })
  t.match(shownDeployment(cold, 599_999), {
    capabilities: { tools: false, vision: true, logprobs: true },
    capabilities_from: { tools: 'observed', vision: 'engine', logprobs: 'operator' },
  })
  t.match(shownDeployment(cold, 600_000), { capabilities: { tools: true }, capabilities_from: { tools: 'catalogue' } })
  const table = (...all: readonly Deployment[]): string =>
    modelTable(
      all.map((one) => shownDeployment(one, 0)),
      80,
    )
  t.notMatch(table(stays, warm), 'loaded')
  const text = table(stays, warm, cold, unheard)
  t.match(text, /^model +context +loaded +in /)
  for (const [name, word] of [
    ['stays', 'yes'],
    ['warm', 'yes'],
    ['cold', 'no'],
    ['unheard', '\\?'],
  ] as const)
    t.match(text, new RegExp(`^b/${name} +\\S+ +${word} +\\?`, 'm'))
})

t.test('what is believed of a model is shown by class, with its doubt and the reason, in 80 columns', async (t) => {
  const backends = [
    {
      name: 'up',
      kind: 'openai-compatible',
      url: 'http://127.0.0.1:1',
      models: ['gpt-4o-mini', 'gpt-6-mini', 'x-8b', 'x'],
    },
  ]
  const quality = { 'gpt-4o-mini': { quality: { code: 0.7 } } }
  const cwd = t.testdir({ 'turnout.yaml': stringify({ backends, models: quality }) })
  const { code, out } = await run(['models', '--why'], { cwd, env: SILENT })
  t.equal(code, 0)
  t.match(out, /^up\/gpt-4o-mini\n {2}class +success +published +verdicts +why\n/m)
  t.match(out, /^ {2}math +0\.\d\d±0\.\d\d +[1-9]\d* +0 +published figures$/m)
  t.match(out, /^ {2}code +0\.\d\d±0\.\d\d +0 +0 +your configuration$/m)
  t.match(out, /^ {4}EvalPlus leaderboard, data of the site, 2024-12-26:$/m)
  t.match(out, /^up\/gpt-6-mini\n.*\n.* its family and size$/m)
  t.match(out, /^up\/x-8b\n.*\n.* its size$/m)
  t.match(out, /^up\/x\n.*\n.* nobody knows$/m)
  for (const line of out.split('\n')) if (!line.includes('https://')) t.ok(line.length <= 80, line)
  const [one] = JSON.parse((await run(['models', 'gpt-4o', '--json'], { cwd, env: SILENT })).out) as ShownDeployment[]
  t.match(one!.beliefs, { math: { from: 'figures', verdicts: 0 }, code: { from: 'operator', figures: 0 } })
  t.ok(one!.belief_sources.length > 5)

  const judged = deployment('up/judged')
  const { arm } = judged.targets[0]!
  const topic = arm.topics.indexOf('math')
  const [before] = [shownDeployment(judged, 0).beliefs.math!]
  arm.quality.count[topic] = 40
  const after = shownDeployment(judged, 0)
  t.equal(after.beliefs.math!.verdicts, 40)
  t.ok(after.beliefs.math!.success_sd < before.success_sd)
  t.match(beliefTable([after], 80), /^ {2}math .* 40 {2}nobody knows, then verdicts$/m)
})
