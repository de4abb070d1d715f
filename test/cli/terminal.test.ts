import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { json, startEngine } from '../fleet/engine-double.ts'
import { within } from '../support/await.ts'
import { noTerminal, openTerminal, seen, type Terminal } from '../support/terminal.ts'
import { COMMAND, NOWHERE, start } from './turnout.ts'

const HELLO = { model: 'auto', messages: [{ role: 'user', content: 'Hello' }] }

interface Options {
  readonly columns?: number
  readonly env?: Readonly<Record<string, string>>
  readonly file?: string
}

async function serve(t: Test, { columns = 100, env = {}, file }: Options = {}): Promise<Terminal & { url: string }> {
  const cwd = t.testdir({})
  if (file !== undefined) await writeFile(join(cwd, 'turnout.yaml'), file)
  const command = [process.execPath, COMMAND, 'serve', '--port', '0']
  const terminal = await openTerminal(command, { columns, cwd, env: { ...NOWHERE, ...env } })
  t.teardown(() => terminal.kill())
  const said = await terminal.until(/listening on [^]*-d '[^']*'\r\n/)
  return { ...terminal, url: /listening on (\S+)/.exec(seen(said))?.[1] ?? '' }
}

async function ask(url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  await (await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body) })).text()
}

/** The lines of the log, as they are seen. */
const linesOf = (terminal: Terminal): string[] =>
  seen(terminal.raw())
    .split('\n')
    .filter((line) => /^\d\d:\d\d:\d\d /.test(line))

t.test('at a terminal a request is one line with where it went and what it took', { skip: noTerminal }, async (t) => {
  for (const [columns, line] of [
    [100, /^\S+ 200 {3}default -> simulator-1\/demo-swift +\d+ in +\d+ out +\$0\.0000\d\d ttft +\d+ms +\d+ms$/],
    [80, /^\S+ 200 {3}simulator-1\/demo-swift +\d+>\d+ +\$0\.0000\d\d +\d+ms +\d+ms$/],
  ] as const) {
    const gateway = await serve(t, { columns })
    await ask(gateway.url, { ...HELLO, stream: true })
    await ask(gateway.url, { model: 'nothing-of-the-kind', messages: HELLO.messages })
    await gateway.until(/model_not_found/)
    const [answered = '', refused = '', ...more] = linesOf(gateway)
    t.match(answered, line)
    t.match(refused, /^\S+ 404 {3}chat {2}model_not_found +\d/)
    t.strictSame(more, [], 'and no other')
    for (const one of linesOf(gateway)) t.ok(one.length <= columns, `${one.length} of ${columns}`)
    t.match(gateway.raw(), /\x1b\[32m200/, 'in colour')
    t.notMatch(gateway.raw(), /"msg"/, 'no JSON')
    process.kill(gateway.pid, 'SIGTERM')
    t.equal(await within(10_000, 'the end', gateway.ended), 0)
  }
})

t.test('NO_COLOR and a dumb terminal are heeded', { skip: noTerminal }, async (t) => {
  for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
    const gateway = await serve(t, { env })
    await ask(gateway.url, HELLO)
    await gateway.until(/demo-swift +\d+ in/)
    t.notMatch(gateway.raw(), /\x1b/)
  }
})

const CONFIGURED = (root: string, log: string): string =>
  `backends: [{ name: a, kind: openai-compatible, url: '${root}' }]\nserver: { log: ${log} }\n`

t.test('what is asked for goes before what the output is', { skip: noTerminal }, async (t) => {
  const engine = await startEngine({ 'GET /v1/models': json({ data: [{ id: 'm' }] }) })
  t.teardown(() => engine.close())
  const gateway = await serve(t, { file: CONFIGURED(engine.root, 'json') })
  await fetch(`${gateway.url}/v1/models`)
  await gateway.until(/"msg":"request","request_id"/)
  const cwd = t.testdir({ 'turnout.yaml': CONFIGURED(engine.root, 'pretty') })
  const piped = start(['serve', '--port', '0'], { cwd })
  t.teardown(() => piped.child.kill('SIGKILL'))
  const url = /listening on (\S+)/.exec(await piped.until(/listening on \S+\n/))?.[1] ?? ''
  await fetch(`${url}/v1/models`)
  piped.child.kill('SIGTERM')
  const { out } = await within(10_000, 'the end', piped.ended)
  t.match(out, /^\d\d:\d\d:\d\d 200 {3}GET models +\d+(\.\d)?ms\n/)
})

t.test('a model whose name is an escape sequence cannot write to the terminal', { skip: noTerminal }, async (t) => {
  // Engines that list such a name are refused; a file may still hold one.
  const model = 'evil\x1b]0;owned\x07\x1b[2J\u202e'
  const engine = await startEngine({
    'POST /v1/chat/completions': json({
      ...{ id: 'c', object: 'chat.completion', created: 1, model },
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    }),
  })
  t.teardown(() => engine.close())
  const file = JSON.stringify({
    backends: [{ name: 'a', kind: 'vllm', url: engine.root, models: [model] }],
    server: { log: 'pretty' },
  })
  const gateway = await serve(t, { file })
  await ask(gateway.url, HELLO)
  const raw = await gateway.until(/evil.* out/)
  t.match(seen(raw), / a\/evil\?\]0;owned\?\?\[2J\? /)
  t.notMatch(raw.replaceAll(/\x1b\[(?:0|1|2|3[1236])m/g, '').replaceAll('\r\n', ''), /[\p{Cc}\p{Cf}]/u)
})

t.test('the request to paste is the last thing on the screen of a start', { skip: noTerminal }, async (t) => {
  const gateway = await serve(t, { columns: 80, file: CONFIGURED('http://127.0.0.1:9', 'pretty') })
  const screen = seen(gateway.raw())
  t.match(screen, /^\d\d:\d\d:\d\d warn {2}backend a is down/m, 'the log has had its say')
  t.match(screen, /\nlistening on \S+\n\n {2}curl -N [^\n]+ \\\n[^\n]+\n[^\n]+'\n\n?$/)
  for (const line of screen.split('\n').slice(1)) t.ok(line.length <= 80, line)
})

t.test('a terminal that is closed takes nothing along', { skip: noTerminal }, async (t) => {
  const gateway = await serve(t)
  gateway.close()
  for (let times = 0; times < 3; times++) await ask(gateway.url, HELLO)
  process.kill(gateway.pid, 'SIGHUP')
  await ask(gateway.url, HELLO)
  process.kill(gateway.pid, 'SIGTERM')
  t.equal(await within(10_000, 'the end', gateway.ended), 0)
})
