import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { stepOf } from '../../src/accounting/step.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import { finished } from '../support/records.ts'
import { cost, gatewayRequest, usage } from '../support/factories.ts'
import { hashed } from '../support/gateway.ts'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { rawPost } from '../support/raw-client.ts'
import { rig } from '../support/rig.ts'
import { type Ran, run, unwrapped } from './turnout.ts'

/** `env`: with or without a token. */
const ask = (t: Test, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
  run(args, { cwd: t.testdir({}), env })

t.test('what agents took, from a running gateway', async (t) => {
  const { gateway } = await rig(t, {
    upstreams: { up: {} },
    config: {
      models: { tiny: { price: { input_per_mtok_usd: 1000, output_per_mtok_usd: 1000 } } },
      admin: { port: 0, token: hashed('admin-secret') },
    },
  })
  for (const [agent, session] of [
    ['claude-cli/2.1.0 (external, cli)', 'refactor-the-parser'],
    ['claude-cli/2.1.0 (external, cli)', 'refactor-the-parser'],
    ['codex_cli_rs/0.46.0', 'write-the-docs'],
  ] as const) {
    const response = await rawPost(gateway.url, CHAT_PATH, chat(), {
      'user-agent': agent,
      'x-turnout-session': session,
    })
    await response.complete
  }
  const url = gateway.adminUrl ?? ''
  const own = { TURNOUT_ADMIN_TOKEN: 'admin-secret' }
  const all = await ask(t, ['sessions', '--url', url, '--sort', 'requests', '--since', '1h'], own)
  t.equal(all.code, 0, all.err)
  const [head, first, second] = all.out.split('\n')
  t.match(head, /^session +agent +key +ago +useful +tokens +USD +USD\/answer +waste +cached +signals$/)
  t.match(first, /^refactor-the-parser +claude-code +anonymous +\d+s +2\/2 +\d+ +0\.0/)
  t.match(second, /^write-the-docs +codex +anonymous +\d+s +1\/1/)
  const agents = await ask(t, ['sessions', '--url', url, '--agents', '--token', 'admin-secret'])
  t.match(agents.out, /^claude-code +1 +\d+s +2\/2/m)
  const json = await ask(t, ['sessions', '--url', url, '--agent', 'codex', '--json'], own)
  t.match(JSON.parse(json.out), [{ session: 'write-the-docs', requests: 1, successes: 1 }])
  const one = await fetch(`${url}/admin/sessions/${encodeURIComponent('anonymous/write-the-docs')}`, {
    headers: { authorization: 'Bearer admin-secret' },
  })
  t.match(await one.json(), { session: { session: 'write-the-docs', agent: 'codex', key: 'anonymous', requests: 1 } })
  const wrong = await ask(t, ['sessions', '--url', url, '--token', 'no'])
  t.equal(wrong.code, 1)
  t.match(wrong.err, /token/)
  t.equal((await ask(t, ['sessions', '--url', url])).code, 1, 'no token')
  t.match(
    unwrapped((await ask(t, ['sessions', '--url', 'http://127.0.0.1:1', '--token', 'x'])).err),
    /is the gateway running/,
  )
  t.match((await ask(t, ['sessions', '--url', url, '--sort', 'beauty'], own)).err, /sort: "beauty" is none of/)
  t.equal((await ask(t, ['sessions', '--what'])).code, 2)
})

/** The endpoint of the admin API before the real sessions, which are told of agents with long names that do much. */
async function standIn(t: Test): Promise<{ url: string; port: number; asked: string[] }> {
  const sessions = new Sessions()
  const content = 'The same question, as often as it takes to be a circle.'
  const step = stepOf(gatewayRequest({ model: 'm', messages: [{ role: 'user', content }] }).prompt)
  for (let i = 0; i < 40; i++) {
    const took = usage({ input: 3_000_000, cachedInput: 2_000_000, output: 40_000, reasoning: 10_000 })
    sessions.onCompleted(
      finished({
        key: i % 2 === 0 ? 'a-key-with-a-rather-long-name' : 'ci',
        session: `0b9e3f6c-1111-4222-8333-44445555666${i % 4}`,
        agent: i % 4 === 0 ? 'an-agent-with-a-rather-long-name' : 'codex',
        step,
        usage: took,
        cost: cost(123_456_789_012),
        success: i % 8 !== 0,
        endedAt: Date.now() - i * 1_000_000,
      }),
    )
  }
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://admin')
    asked.push(`${request.headers.authorization} ${request.url}`)
    const text = (name: string): string | null => searchParams.get(name)
    const all = sessions.list({
      since: null,
      sort: text('sort'),
      limit: Number(text('limit')),
      agent: text('agent'),
      key: text('key'),
      team: text('team'),
      by: text('by'),
    })
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ sessions: all }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, asked }
}

t.test('a table that fits, with the address of the configuration', async (t) => {
  const { port, asked } = await standIn(t)
  const config =
    `backends: [{ name: up, kind: openai-compatible, url: http://127.0.0.1:9 }]\n` +
    `admin: { port: ${port}, token: "${hashed('admin-secret')}" }\n`
  const options = { cwd: t.testdir({ 'turnout.yaml': config }), env: { TURNOUT_ADMIN_TOKEN: 'admin-secret' } }
  const all = await run(['sessions', '--sort', 'cost', '--team', 'blue'], options)
  t.equal(all.out, 'no sessions\n', all.err)
  const table = await run(['sessions', '--sort', 'cost'], options)
  const lines = table.out.trimEnd().split('\n')
  t.equal(lines.length, 5, table.err)
  t.match(lines[1], /^0b9e3f6c-1111-4222-… +an-agent-wi… +a-key-with-… +\d+[smhd] +\d+\/10 +30\.4M +1234\.57 /)
  // Signals are rare and stand last, so that what stands before them fits into a narrow terminal.
  t.ok((lines[0] ?? '').indexOf('signals') <= 110, table.out)
  t.match(lines[1], / repeated_request/)
  t.equal(asked[1], 'Bearer admin-secret /admin/sessions?sort=cost&limit=20')
  const agents = await run(['sessions', '--agents', '--limit', '1'], options)
  t.match(agents.out, /^agent +sessions +ago +useful +tokens.*\n(codex|an-agent-with-a-rat…) +\d/)
  t.equal(agents.out.trimEnd().split('\n').length, 2)
})

t.test('without a configuration, or without `admin` in it, the remedy is told', async (t) => {
  const env = { TURNOUT_ADMIN_TOKEN: 'x' }
  const nowhere = await run(['sessions'], { cwd: t.testdir({}), env })
  t.equal(nowhere.code, 1)
  t.match(nowhere.err, /there is no configuration; pass --url/)
  const config = 'backends: [{ name: up, kind: openai-compatible, url: http://127.0.0.1:9 }]\n'
  const closed = await run(['sessions'], { cwd: t.testdir({ 'turnout.yaml': config }), env })
  t.equal(closed.code, 1)
  t.match(closed.err, /admin.* is missing: without it there is no admin API/)
})
