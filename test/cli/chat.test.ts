import t, { type Test } from 'tap'
import { json, type Reply, startEngine } from '../fleet/engine-double.ts'
import { within } from '../support/await.ts'
import { noTerminal, openTerminal, seen, type Terminal } from '../support/terminal.ts'
import { COMMAND, NOWHERE, run, start, unwrapped } from './turnout.ts'

/** What a gateway says of itself. */
const FRONT = json({ name: 'turnout' })

/** A gateway with the demo's models. */
async function gateway(t: Test): Promise<string> {
  const running = start(['serve', '--port', '0'], { cwd: t.testdir({}), env: NOWHERE })
  t.teardown(() => running.child.kill('SIGKILL'))
  return /listening on (\S+)/.exec(await running.until(/listening on \S+\n/))?.[1] ?? ''
}

async function talk(t: Test, args: readonly string[]): Promise<Terminal> {
  const terminal = await openTerminal([process.execPath, COMMAND, 'chat', ...args], { columns: 80, cwd: t.testdir({}) })
  t.teardown(() => terminal.kill())
  return terminal
}

const NOTE = /demo-swift {2}\d+ in {2}\d+ out {2}\$0\.0000\d\d {2}ttft \d+ms {2}\d/

t.test('one question: the answer on standard output, what it took on standard error', async (t) => {
  const url = await gateway(t)
  const cwd = t.testdir({})
  const asked = await run(['chat', '--url', url, 'Hello'], { cwd })
  t.equal(asked.code, 0)
  t.match(asked.out, /^This is demo-swift, [^\n]+\n$/)
  t.match(asked.err, new RegExp(`^simulator-1/${NOTE.source}\\S+\\n$`))
  const piped = await run(['chat', '--url', url, '--model', 'demo-sage'], { cwd, input: 'Hello\n' })
  t.equal(piped.code, 0)
  t.match(piped.out, /^This is demo-sage, /)
  t.match(piped.err, /^simulator-2\/demo-sage {2}/)
})

t.test('where there is no answer, words that say what to do', async (t) => {
  const url = await gateway(t)
  const cwd = t.testdir({})
  const keyed = await startEngine({ 'GET /': FRONT, '*': json({ error: { message: 'x' } }, 401) })
  t.teardown(() => keyed.close())
  const cases: readonly (readonly [args: string[], err: RegExp])[] = [
    [
      ['--url', 'http://127.0.0.1:9', 'x'],
      /^turnout chat: no gateway answers at http:\/\/127\.0\.0\.1:9 \(connection refused\); `turnout serve` starts one, --url names another\n$/,
    ],
    [
      ['--url', url, '--model', 'nope', 'x'],
      /^turnout chat: No model, route or alias named "nope"\. There are: .*demo-swift.*\n$/,
    ],
    [['--url', keyed.root, 'x'], /^turnout chat: this gateway wants a key: write --key KEY, or set TURNOUT_KEY\n$/],
    [
      ['--url', keyed.root, '--key', 'k', 'x'],
      /^turnout chat: the gateway does not know this key: look at --key or TURNOUT_KEY\n$/,
    ],
    [['--url', url], /^turnout chat: nothing was asked: /],
  ]
  for (const [args, err] of cases) {
    const ran = await run(['chat', ...args], { cwd })
    t.equal(ran.code, 1, args.join(' '))
    t.equal(ran.out, '')
    t.match(unwrapped(ran.err), err)
  }
})

t.test('at a terminal Ctrl-C stops the answer, and once more leaves', { skip: noTerminal }, async (t) => {
  const chat = await talk(t, ['--url', await gateway(t), '--model', 'demo-sage'])
  await chat.until(/> /)
  chat.type('Tell me a very long story.\r')
  await chat.until(/This is demo-sage/)
  chat.type('\x03')
  await chat.until(/stopped[^]*> /)
  chat.type('Hello\r')
  t.match(await chat.until(/stopped[^]*demo-sage {2}\d+ in/), /\x1b\[2msimulator-2\/demo-sage {2}\d/, 'a dim line')
  await chat.until(/ttft[^]*> /)
  chat.type('\x03')
  t.equal(await within(10_000, 'the end', chat.ended), 0)
})

/** A stream of these pieces, with a record. */
const streamOf = (...pieces: string[]): Reply => ({
  status: 200,
  body: [
    ...pieces.map((content) => JSON.stringify({ choices: [{ index: 0, delta: { content } }] })),
    JSON.stringify({
      choices: [],
      turnout: {
        outcome: {
          ...{ attempts: [{ backend: 'a', model: 'm' }], tokens: { input: 5, output: 3 }, cost_usd: null },
          ...{ ttft_ms: 86.2, total_ms: 2061, success: true, why: null },
        },
      },
    }),
    '[DONE]',
  ]
    .map((data) => `data: ${data}\n\n`)
    .join(''),
})

t.test('the conversation goes with each question, but for what was not answered', { skip: noTerminal }, async (t) => {
  const replies = [streamOf('One', '.'), json({ error: { message: 'No room.' } }, 503), streamOf('Three.')]
  const double = await startEngine({
    'GET /': FRONT,
    'POST /v1/chat/completions': () => replies.shift() ?? json({}, 500),
  })
  t.teardown(() => double.close())
  const chat = await talk(t, ['--url', `${double.root}/v1`, '--key', 'the-key'])
  for (const [question, said] of [
    ['first', /a\/m {2}5 in {2}3 out {2}ttft 86ms {2}2\.06s[^]*> /],
    ['second', /turnout chat: No room\.[^]*> /],
    ['third', /Three\.[^]*a\/m[^]*> /],
  ] as const) {
    await chat.until(/> /)
    chat.type(`${question}\r`)
    await chat.until(said)
  }
  chat.type('/exit\r')
  t.equal(await within(10_000, 'the end', chat.ended), 0)
  const asked = double.seen.filter(({ method }) => method === 'POST')
  t.match(asked[0]?.headers, { authorization: 'Bearer the-key', 'x-turnout-agent': 'turnout-chat' })
  const { messages, stream } = JSON.parse(asked[2]?.body ?? '{}') as { messages: unknown; stream: boolean }
  t.equal(stream, true)
  t.strictSame(messages, [
    { role: 'user', content: 'first' },
    { role: 'assistant', content: 'One.' },
    { role: 'user', content: 'third' },
  ])
  t.equal(new Set(asked.map(({ headers }) => headers['x-turnout-session'])).size, 1, 'one session')
})

t.test('an answer cannot write to the terminal, and Ctrl-D leaves', { skip: noTerminal }, async (t) => {
  const double = await startEngine({
    'GET /': FRONT,
    'POST /v1/chat/completions': streamOf('a\x1b]0;owned\x07\x1b[2J\u202eb\nc\td 👩‍💻'),
  })
  t.teardown(() => double.close())
  const chat = await talk(t, ['--url', double.root])
  await chat.until(/> /)
  chat.type('x\r')
  const raw = await chat.until(/a\/m[^]*> /)
  t.match(seen(raw), 'a?]0;owned??[2J?b\nc\td 👩‍💻\n')
  t.notMatch(raw, /\x1b\]|\x07|\x1b\[2J|\u202e/)
  chat.type('\x04')
  t.equal(await within(10_000, 'the end', chat.ended), 0)
})

t.test('an answer that breaks off is told, with what came before it', async (t) => {
  const broken = JSON.stringify({ error: { message: 'The backend hung up.' } })
  const double = await startEngine({
    'GET /': FRONT,
    'POST /v1/chat/completions': {
      status: 200,
      body: `data: {"choices":[{"delta":{"content":"Half"}}]}\n\ndata: ${broken}\n\ndata: [DONE]\n\n`,
    },
  })
  t.teardown(() => double.close())
  const { code, out, err } = await run(['chat', '--url', double.root, 'x'], { cwd: t.testdir({}) })
  t.strictSame([code, out, err], [1, 'Half\n', 'turnout chat: The backend hung up.\n'])
})
