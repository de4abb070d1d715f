/** Callers that read slowly while the backend goes away: the worst moment to lose a connection. */
import t from 'tap'
import { atRest, letPass, within } from '../support/await.ts'
import { chat, CHAT_PATH, chatStream } from '../support/chat.ts'
import { RawClient } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

const WORDS = Array.from({ length: 400 }, () => 'x'.repeat(64 * 1024))

t.test('a backend that goes away while its caller reads nothing', async (t) => {
  for (const stream of [true, false])
    for (const how of ['reset', 'fin'] as const)
      for (const plan of [{ untilClose: true }, { headers: { connection: 'close' } }, {}]) {
        const label = `${stream ? 'streamed' : 'whole'} ${how} ${JSON.stringify(plan)}`
        const events = stream ? 200 : 1
        const { gateway, upstream } = await singleRig(
          t,
          { plan: { ...plan, words: WORDS, cut: stream ? { events, how } : { bytes: 20 << 20, how } } },
          { limits: { buffer: '64KiB', idle: '5s' } },
        )
        const client = await RawClient.open(gateway.url)
        const asked = client.send(CHAT_PATH, { body: stream ? chatStream() : chat() })
        await upstream.waitRequest(1)
        const response = await within(3_000, 'the head', asked)
        client.socket.pause()
        const request = upstream.requests[0]!
        await atRest(100, 'the backend', () => request.sent)
        upstream.cut(how)
        await letPass(50, 'the gateway may see the end, or not: it holds the bytes back, and both are tried')
        client.socket.resume()
        t.equal(typeof (await within(5_000, 'an end', response.complete)), 'boolean', label)
        client.destroy()
      }
})
