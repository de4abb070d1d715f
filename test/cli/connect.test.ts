import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { AGENTS } from '../../src/cli/agents.ts'
import { agentsNamed, probedText, setupText } from '../../src/cli/connect-text.ts'
import { probeGateway } from '../../src/cli/probe-gateway.ts'
import { API_NAMES } from '../../src/formats/probes.ts'
import { attributionOf } from '../../src/http/attribution.ts'
import { hashed } from '../support/gateway.ts'
import { rig, singleRig } from '../support/rig.ts'
import { type Ran, run, unwrapped } from './turnout.ts'

const URL = 'http://127.0.0.1:7070'

const connect = (t: Test, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
  run(['connect', ...args], { cwd: t.testdir({}), env })

t.test(
  'the lines of every agent fit into 80 columns, and say where the gateway is and which model to ask for',
  async (t) => {
    for (const agent of AGENTS)
      for (const keyed of [true, false]) {
        const text = setupText(agent, { url: URL, keyed, model: 'coding' })
        t.strictSame(
          text.split('\n').filter((line) => line.length > 80),
          [],
          agent.id,
        )
        t.match(agent.lines({ url: URL, keyed, model: 'coding' }), URL)
        t.match(agent.lines({ url: URL, keyed, model: 'coding' }), 'coding')
        t.notMatch(agent.lines({ url: URL, keyed, model: null }), 'coding')
      }
  },
)

t.test('lines for a file are of the form that the file has', async (t) => {
  for (const { id, file, lines } of AGENTS)
    for (const keyed of [true, false]) {
      const text = lines({ url: URL, keyed, model: 'a/b' })
      if (file?.endsWith('.json')) t.type(JSON.parse(text), 'object', id)
      if (file?.endsWith('.yaml')) t.match(parse(text), { models: [{ model: 'a/b', apiBase: `${URL}/v1` }] }, id)
    }
})

t.test('requests of an agent are counted under the name that it is set up by', async (t) => {
  const nobody = { session: null, agent: null, user: null }
  // What the real agents sent. Cline, Continue and Aider say nothing of themselves.
  const said: Record<string, string> = {
    'claude-code': 'claude-cli/2.1.197 (external, sdk-cli)',
    codex: 'codex_exec/0.171.0 (Debian 12.0.0; x86_64) dumb (codex_exec; 0.171.0)',
    opencode: 'opencode/1.18.33 ai-sdk/provider-utils/4.0.23 runtime/bun/1.3.14',
    'qwen-code': 'QwenCode/0.15.10 (linux; x64)',
    'gemini-cli': 'GeminiCLI-tui/0.61.0/gemini-2.5-pro (linux; x64; terminal)',
  }
  for (const [id, agent] of Object.entries(said)) {
    t.ok(
      AGENTS.some((one) => one.id === id),
      id,
    )
    t.equal(attributionOf({ 'user-agent': agent }, nobody).agent, id)
  }
})

t.test('an agent is found by its name or the beginning of it', async (t) => {
  const ids = (asked: string): string[] => agentsNamed(asked).map(({ id }) => id)
  t.strictSame(ids('codex'), ['codex'])
  t.strictSame(ids('Claude'), ['claude-code'])
  t.strictSame(ids('cl'), ['claude-code', 'cline'])
  t.strictSame(ids('emacs'), [])
})

t.test('without a gateway the lines are those of its configuration', async (t) => {
  const cwd = t.testdir({})
  const closed = 'http://127.0.0.1:1'
  const bare = await run(['connect', 'codex'], { cwd, env: { TURNOUT_PORT: '1' } })
  t.equal(bare.code, 0)
  t.match(bare.out, `base_url = "${closed}/v1"`)
  t.notMatch(bare.out, 'TURNOUT_KEY')
  t.match(bare.err, /does not answer now \(connection refused\); `turnout serve` starts it/)
  await writeFile(
    join(cwd, 'turnout.yaml'),
    `server: { port: 1 }\nbackends: [{ name: a, kind: vllm, url: 'http://127.0.0.1:2' }]\nkeys: [{ id: k, hash: '${hashed('s')}' }]\n`,
  )
  const keyed = await run(['connect', 'codex'], { cwd })
  t.match(keyed.out, 'env_key = "TURNOUT_KEY"')
  t.match(keyed.out, /TURNOUT_KEY is a key of this gateway/)
})

t.test('a running gateway says itself whether it asks for a key', async (t) => {
  const open = await singleRig(t)
  const free = await connect(t, ['claude', '--url', `${open.gateway.url}/v1`])
  t.equal(free.code, 0, free.err)
  t.match(free.out, `ANTHROPIC_BASE_URL=${open.gateway.url}\n`)
  t.match(free.out, 'ANTHROPIC_AUTH_TOKEN=none')
  const { gateway } = await singleRig(t, {}, { keys: [{ id: 'k', key: 'secret-k' }] })
  const keyed = await connect(t, ['claude', '--url', gateway.url, '--model', 'tiny'], { TURNOUT_KEY: 'secret-k' })
  t.match(keyed.out, 'ANTHROPIC_AUTH_TOKEN="$TURNOUT_KEY"')
  t.match(keyed.out, 'ANTHROPIC_MODEL=tiny')
  t.notMatch(keyed.out, 'secret-k')
  const all = await connect(t, ['--url', gateway.url])
  for (const { id } of AGENTS) t.match(all.out, new RegExp(`^${id}: `, 'm'))
})

t.test('--test asks the running gateway, and what it serves works', async (t) => {
  const { gateway, upstreams } = await rig(t, {
    upstreams: { up: {} },
    config: { keys: [{ id: 'k', hash: hashed('secret-k') }] },
  })
  const refused = await connect(t, ['--test', '--url', gateway.url])
  t.equal(refused.code, 1)
  t.match(unwrapped(refused.err), /asks for a key: pass --key, or set TURNOUT_KEY$/m)
  const { code, out } = await connect(t, ['--test', '--url', gateway.url], { TURNOUT_KEY: 'secret-k' })
  t.equal(code, 0, out)
  t.match(out, /^Chat Completions +\d+ ms +\d+ ms +opencode, Qwen Code and 5 more$/m)
  t.match(out, /^Messages +\d+ ms +\d+ ms +Claude Code$/m)
  t.match(out, /^Responses +\d+ ms +\d+ ms +Codex$/m)
  t.match(out, /^Gemini +\d+ ms +\d+ ms +Gemini CLI$/m)
  t.match(out, /^Ollama +\d+ ms +\d+ ms +programs made for it$/m)
  t.equal(upstreams['up']?.requests.length, 2 * API_NAMES.length)
  const wrong = await connect(t, ['--test', '--url', gateway.url, '--key', 'wrong'])
  t.equal(wrong.code, 1)
  t.match(wrong.out, /^Chat Completions +fails +fails/m)
  t.match(wrong.out.replaceAll('\n', ' '), /Set TURNOUT_KEY to a key that may use this model\./)
  t.notMatch(wrong.out, 'secret-k')
})

type Answers = Readonly<Record<string, (streamed: boolean) => readonly [status: number, text: string]>>

const GOOD: Answers = {
  '/v1/chat/completions': (streamed) => [200, streamed ? 'data: {}\n\ndata: [DONE]\n\n' : '{"choices":[{}]}'],
  '/v1/messages': (streamed) => [
    200,
    streamed ? 'event: message_stop\ndata: {"type":"message_stop"}\n\n' : '{"type":"message","content":[]}',
  ],
  '/v1/responses': (streamed) => [
    200,
    streamed ? 'event: response.incomplete\ndata: {}\n\n' : '{"object":"response","output":[]}',
  ],
  '/v1beta/models/auto:generateContent': () => [200, '{"candidates":[{}]}'],
  '/v1beta/models/auto:streamGenerateContent': () => [200, 'data: {"candidates":[{"finishReason":"STOP"}]}\n\n'],
  '/api/chat': (streamed) => [
    200,
    streamed ? '{"message":{},"done":false}\n{"message":{},"done":true}\n' : '{"message":{},"done":true}',
  ],
}

/** A server that answers each path as told. */
async function standIn(t: Test, answers: Answers): Promise<string> {
  const server = createServer((request: IncomingMessage, response) => {
    void (async () => {
      let raw = ''
      for await (const part of request as AsyncIterable<Buffer>) raw += part.toString()
      const { stream } = JSON.parse(raw || '{}') as { stream?: boolean }
      const [status, text] = answers[(request.url ?? '').replace(/\?.*/, '')]?.(stream === true) ?? [404, 'nothing']
      response.writeHead(status).end(text)
    })()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const probed = async (t: Test, answers: Answers): Promise<string> =>
  probedText(await probeGateway({ url: await standIn(t, answers), model: 'auto', key: undefined, limitMs: 5_000 }))

t.test('an API works when its answer is whole and its stream comes to its end', async (t) => {
  const text = await probed(t, GOOD)
  t.equal(text.match(/\d+ ms +\d+ ms/g)?.length, API_NAMES.length)
  t.notMatch(text, 'fails')
})

t.test('what does not work is said with what to do about it', async (t) => {
  const bad: readonly (readonly [what: string, answers: Answers, said: RegExp])[] = [
    [
      'a cut stream',
      { '/v1/messages': () => [200, 'event: ping\ndata: {}\n\n'] },
      /Messages: streamed: the stream broke off\. The log/,
    ],
    [
      'an answer of something else',
      { '/v1/responses': () => [200, '<html>'] },
      /Responses: this is no answer of this API\./,
    ],
    ['a path that is not there', { '/api/chat': () => [404, 'nothing'] }, /Ollama: answers 404\. Name a model/],
    [
      'no backend',
      { '/v1/chat/completions': () => [503, '{"error":{"code":"no_backend","message":"None is up."}}'] },
      /Chat Completions: no_backend: None is up\. GET \/health/,
    ],
    [
      'a budget in the words of Anthropic',
      { '/v1/messages': () => [429, '{"type":"error","error":{"type":"rate_limit_error","message":"Spent."}}'] },
      /Messages: rate_limit_error: Spent\. A limit or a budget/,
    ],
    [
      'an error in the words of Google',
      {
        '/v1beta/models/auto:generateContent': () => [
          403,
          '{"error":{"code":403,"status":"PERMISSION_DENIED","message":"No."}}',
        ],
      },
      /Gemini: PERMISSION_DENIED: No\. Set TURNOUT_KEY/,
    ],
    [
      'an error in the words of Ollama',
      { '/api/chat': () => [400, '{"error":"bad model"}'] },
      /Ollama: 400: bad model\. Name another model/,
    ],
  ]
  for (const [what, answers, said] of bad) {
    const text = await probed(t, { ...GOOD, ...answers })
    t.match(text.replaceAll('\n', ' '), said, what)
    t.match(text, 'fails')
    t.ok(text.split('\n').every((line) => line.length <= 80))
  }
})

t.test('what is no gateway, and what is no command, is refused by name', async (t) => {
  const other = await standIn(t, {})
  t.match(unwrapped((await connect(t, ['--url', other])).err), /is not a Turnout gateway of this version\n$/)
  t.match((await connect(t, ['--url', 'localhost:7070'])).err, /is not a URL/)
  for (const [args, said] of [
    [['emacs'], /there is no agent "emacs"; there are claude-code, codex,\n/],
    [['codex', 'zed'], /"zed" is one word too many/],
    [['codex', '--test'], /leave out the agent/],
    [['--model', 'a b'], /--model: a name has no spaces/],
    [['--url', URL, '--config', 'x'], /leave out\n--config/],
    [['--what'], /there is no flag --what\nusage: turnout connect/],
  ] as const) {
    const { code, err } = await connect(t, args)
    t.equal(code, 2)
    t.match(err, said)
  }
})
