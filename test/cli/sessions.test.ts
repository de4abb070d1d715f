import t, { type Test } from 'tap'
import { hashed } from '../support/gateway.ts'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { rawPost } from '../support/raw-client.ts'
import { rig } from '../support/rig.ts'
import { type Ran, run } from './turnout.ts'

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
  const wrong = await ask(t, ['sessions', '--url', url, '--token', 'no'])
  t.equal(wrong.code, 1)
  t.match(wrong.err, /token/)
  t.equal((await ask(t, ['sessions', '--url', url])).code, 1, 'no token')
  t.match((await ask(t, ['sessions', '--url', 'http://127.0.0.1:1', '--token', 'x'])).err, /is the gateway running/)
  t.match((await ask(t, ['sessions', '--url', url, '--sort', 'beauty'], own)).err, /sort: "beauty" is none of/)
  t.equal((await ask(t, ['sessions', '--what'])).code, 2)
})
