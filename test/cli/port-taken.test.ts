import { once } from 'node:events'
import { createServer as createHttp } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { run, start } from './turnout.ts'

const MINE = "backends: [{ name: a, kind: openai-compatible, url: 'http://127.0.0.1:9', models: [m] }]\n"

async function refused(test: Test, port: number): Promise<string> {
  const { code, err } = await run(['serve', '--port', String(port)], {
    cwd: test.testdir({ 'turnout.yaml': MINE }),
  })
  test.equal(code, 1)
  for (const line of err.split('\n').slice(1)) test.ok(line.length <= 80, line)
  return err.slice(err.indexOf('\n') + 1).replaceAll('\n', ' ')
}

t.test('a port that is taken is told with who has it, and a port to write', async (t) => {
  t.test('another Turnout is told by its name', async (t) => {
    const first = start(['serve', '--port', '0'], { cwd: t.testdir({ 'turnout.yaml': MINE }) })
    t.teardown(() => first.child.kill('SIGKILL'))
    const port = Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(await first.until(/listening on .*\n/))![1])
    const said = await refused(t, port)
    t.match(said, `127.0.0.1:${port} is taken by another Turnout; stop it, or write another port, like --port `)
    t.match(said, /--port 0 for a free one/)
  })

  t.test('an engine is told by its kind', async (t) => {
    const server = createHttp(({ url }, response) =>
      url === '/' ? response.end('Ollama is running') : response.writeHead(404).end(),
    ).listen(0, '127.0.0.1')
    t.teardown(() => server.close())
    await once(server, 'listening')
    t.match(
      await refused(t, (server.address() as AddressInfo).port),
      / is taken by Ollama; stop it, or write another port/,
    )
  })

  t.test('whatever speaks no HTTP', async (t) => {
    const server = createServer((socket) => socket.end('220 mail\r\n')).listen(0, '127.0.0.1')
    t.teardown(() => server.close())
    await once(server, 'listening')
    t.match(await refused(t, (server.address() as AddressInfo).port), / is taken by another program; stop it/)
  })
})
