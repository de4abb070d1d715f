import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { HttpClient } from '../../src/backends/upstream/http-client.ts'
import { transportReason } from '../../src/core/transport.ts'

async function served(t: Test, listener: RequestListener): Promise<{ url: string; client: HttpClient }> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new HttpClient({ connectMs: 2_000 })
  t.teardown(async () => {
    await client.destroy()
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, client }
}

const signal = (): AbortSignal => AbortSignal.timeout(2_000)
const GET = { method: 'GET', headers: {} } as const

t.test('an answer of any status comes whole, with what was sent', async (t) => {
  const { url, client } = await served(t, (request, response) => {
    request.setEncoding('utf8')
    let text = ''
    request.on('data', (part: string) => (text += part))
    request.on('end', () => response.writeHead(418).end(`${request.method} ${String(request.headers['x-a'])} ${text}`))
  })
  const call = { url: new URL(url), method: 'POST', headers: { 'x-a': 'b' }, body: 'words', signal: signal() } as const
  t.same(await client.call(call), { status: 418, text: 'POST b words' })
  t.equal(await client.status({ ...call, body: Buffer.from('words') }), 418)
})

t.test('redirects are answers, and lead nowhere', async (t) => {
  const paths: (string | undefined)[] = []
  const { url, client } = await served(t, (request, response) => {
    paths.push(request.url)
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  t.match(await client.call({ ...GET, url, signal: signal() }), { status: 302 })
  t.same(paths, ['/'])
})

t.test('why no answer came: in a few words, without an address', async (t) => {
  const { url, client } = await served(t, ({ url: path }, response) => {
    if (path === '/endless') response.end(Buffer.alloc(9 * 1024 * 1024, 'x'))
    if (path === '/cut') response.destroy()
  })
  const why = (at: string, ends = signal()): Promise<string> =>
    client.call({ ...GET, url: at, signal: ends }).then(() => 'an answer', transportReason)
  t.equal(await why(`${url}/endless`), 'answer too large')
  t.equal(await why(`${url}/cut`), 'connection closed')
  t.equal(await why(`${url}/silent`, AbortSignal.timeout(50)), 'no answer in time')
  t.equal(await why('http://127.0.0.1:1'), 'connection refused')
})

t.test('no call outlives the client', async (t) => {
  const { url, client } = await served(t, () => undefined)
  const open = client.call({ ...GET, url, signal: signal() })
  await client.destroy()
  await t.rejects(open)
})
