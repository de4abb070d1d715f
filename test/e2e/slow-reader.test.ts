/** Callers that ask and then do not read. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { flushWithin } from '../../src/relay/flush.ts'
import { eventually, letPass, within } from '../support/await.ts'
import { chat, chatStream, CHAT_PATH } from '../support/chat.ts'
import { RawClient } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

const LARGE = 24 << 20

for (const stream of [true, false])
  t.test(`${stream ? 'a stream' : 'a whole answer'} that is not read: the connection does not stay`, async (t) => {
    const words = Array.from({ length: stream ? 24 : 12 }, () => 'x'.repeat(1 << 20))
    const { gateway } = await singleRig(t, { plan: { words } }, { limits: { idle: '300ms', total: '10s' } })
    const client = await RawClient.open(gateway.url)
    const asked = client.send(CHAT_PATH, { body: stream ? chatStream() : chat() })
    client.socket.pause()
    // More than what systems keep for a reader has to come before it is seen that there is none.
    const ended = async () => (await gateway.metric('turnout_requests_total', { endpoint: 'chat' })) === 1
    await eventually(9_000, 'the end for a caller that takes nothing', ended)
    // A socket that does not read may not hear of a reset; here it had three times the limit to come.
    await letPass(900, 'nothing of the connection is read, so its end cannot be seen')
    client.socket.resume()
    const answer = await within(2_000, 'the head', asked)
    t.equal(await within(3_000, 'the end', answer.complete), false)
    client.destroy()
  })

/** A server whose answer of `LARGE` bytes has ended at once; closed with its connections. */
async function answering(t: Test, ms: number): Promise<string> {
  const server = createServer((_request, response) => {
    response.end(Buffer.alloc(LARGE))
    flushWithin(response, ms)
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('a caller that reads slowly gets it all', async (t) => {
  const client = await RawClient.open(await answering(t, 900))
  const answer = await client.send('/', { method: 'GET' })
  // All in all it takes longer than the limit; each pause is much shorter, as the system hands bytes on in large steps.
  for (let wanted = 2 << 20; wanted < LARGE; wanted += 2 << 20) {
    client.socket.pause()
    await letPass(150, 'the caller is a slow one')
    client.socket.resume()
    await eventually(2_000, `${wanted} bytes`, () => answer.received >= wanted)
  }
  t.equal(await within(3_000, 'the end', answer.complete), true)
})

t.test('the limit ends with the answer', async (t) => {
  const client = await RawClient.open(await answering(t, 200))
  for (let round = 0; round < 2; round++) {
    const answer = await client.send('/', { method: 'GET' })
    t.equal((await answer.body()).length, LARGE)
    await letPass(500, 'the connection does not close')
  }
  t.notOk(client.socket.destroyed, 'the idle connection has a time of its own')
  client.destroy()
})
