import t from 'tap'
import { weightsFrom } from '../../src/core/terms.ts'
import type { RouteSpec } from '../../src/core/settings.ts'
import { parseConfig } from '../../src/config/load.ts'
import { load, PROVIDERS, refusal } from './load.ts'

const BASE = 'backends: [{ name: a, kind: openai, key: k }]\n'
const warningsOf = (options: string): readonly string[] =>
  load(`${BASE}routes: [{ name: r, candidates: ['*'], ${options} }]`).warnings

function routeOf(options: string): RouteSpec {
  return load(`${BASE}routes: [{ name: r, candidates: ['*'], ${options} }]`).config.routes[0]!
}

t.test('the conditions of a route are read', async (t) => {
  t.strictSame(
    routeOf(
      "match: { model: [auto], header: { X-Team: 'a*' }, class: [code], needs: [tools], tokens: { min: 5 }, hour: { from: 20, to: 6 } }",
    ).match,
    {
      model: ['auto'],
      key: null,
      header: { 'x-team': 'a*' },
      class: ['code'],
      needs: ['tools'],
      tokens: { min: 5, max: null },
      hour: { from: 20, to: 6 },
    },
  )
  t.equal(routeOf('explore: true').match, null)
})

t.test('a strategy is a name, weights, or the cheapest within a margin', async (t) => {
  t.equal(routeOf('explore: true').strategy, 'balanced')
  t.equal(routeOf('strategy: efficient').strategy, 'efficient')
  t.strictSame(routeOf('strategy: { cheapest_within: 0 }').strategy, { cheapestWithin: 0 })
  const weights = weightsFrom({ quality: 1, cost: 0.35 })
  t.strictSame(routeOf('strategy: { quality: 1, cost: .35 }').strategy, weights)
  t.strictSame(routeOf('weights: { quality: 1, cost: .35 }').strategy, weights)
})

t.test('fallback, ceilings, success and baseline', async (t) => {
  t.match(
    routeOf(
      "fallback: ['a/x', 'a/*'], limits: { max_cost_usd: 0.05, max_ttft: 2s, local_only: true }, success: { finish: [stop], json: true }, baseline: a/org/big, explore: false",
    ),
    {
      fallback: ['a/x', 'a/*'],
      maxCostUsd: 0.05,
      maxTtftMs: 2000,
      localOnly: true,
      success: { finish: ['stop'], json: true, schema: false },
      baseline: 'a/org/big',
      explore: false,
    },
  )
  t.match(routeOf('strategy: fast'), { fallback: [], maxCostUsd: null, baseline: null, explore: true })
})

t.test('what takes effect has no warning', async (t) => {
  t.strictSame(
    warningsOf(
      'match: { class: [code], needs: [tools], header: { x-a: b }, tokens: { max: 9 }, hour: { from: 1, to: 2 } }, strategy: cheap, limits: { max_cost_usd: 1, max_ttft: 1s }, success: { json: true }, baseline: a/x, explore: false',
    ),
    [],
  )
})

t.test('what matches nothing has one', async (t) => {
  t.match(warningsOf('match: {}'), [/^routes\[0\]\.match has no conditions, so route "r" is taken only by its name$/])
  t.match(warningsOf("match: { model: ['gpt-*', 'auto:fast'] }"), [/^routes\[0\]\.match\.model\[1\] matches nothing/])
  t.match(warningsOf("fallback: ['b/*']"), [/^routes\[0\]\.fallback\[0\]: no backend is named "b"/])
  const azure = "backends: [{ name: az, kind: azure, url: 'https://x.openai.azure.com', key: k, models: [mini] }]\n"
  const { warnings } = load(
    `${azure}routes: [{ name: r, candidates: ['*'], match: { model: [az/mini] }, baseline: az/minni }]`,
  )
  t.equal(warnings.length, 2)
  t.match(warnings[0], /^routes\[0\]\.match\.model\[0\] matches nothing: "az\/mini" is exactly one model/)
  t.match(warnings[1], /^routes\[0\]\.baseline: "az" has no model "minni"; did you mean "mini"\?$/)
})

t.test('the file of what was learnt starts from the folder of the configuration', async (t) => {
  const stateOf = (state: string, env = {}): string | null =>
    parseConfig(`${BASE}store: { state: '${state}' }`, env, PROVIDERS, '/srv/turnout/turnout.yaml').config.store.state
  t.equal(stateOf('./data/state.json'), '/srv/turnout/data/state.json')
  t.equal(stateOf('/var/lib/state.json'), '/var/lib/state.json')
  t.equal(stateOf('${STATE:-}'), null, 'an empty variable is none')
  t.equal(load(BASE).config.store.state, null)
})

t.test('a control group is a share, as a number or in percent', async (t) => {
  t.equal(routeOf('control: 5%').control, 0.05)
  t.equal(routeOf('control: 0.5 %').control, 0.005)
  t.equal(routeOf('control: 100%').control, 1)
  t.equal(routeOf('control: 0.05').control, 0.05)
  t.equal(routeOf('explore: true').control, null)
  const wrong = (value: string): string => refusal(`${BASE}routes: [{ name: r, candidates: ['*'], control: ${value} }]`)
  for (const value of ['five', '101%', '-1%', '5 percent', 'true', '[0.05]'])
    t.match(wrong(value), /^routes\[0\]\.control: .*write it like "5%" or 0\.05$/m, value)
  t.match(wrong('5'), /^routes\[0\]\.control: 5 is more than 1; write a share from 0 to 1, like 0\.05 or "5%"$/m)
  t.match(wrong('-0.1'), /less than 0; write a share/)
})
