/** Two models of one engine that holds one of them at a time (AT-84): it is not made to load the one after the other. */
import t from 'tap'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

const ROUNDS = 60

t.test('under mixed load the loaded model answers what either could, and loads are bounded', async (t) => {
  const engine = await startFaultUpstream({ models: ['a', 'b'] })
  t.teardown(() => engine.close())
  const same = { quality: { default: 0.7 } }
  const gateway = await gatewayFor(t, {
    backends: [{ name: 'up', kind: 'llama-swap', url: engine.url, models: ['a', 'b'] }],
    models: { a: same, b: same },
    routes: [{ name: 'either', candidates: ['up/*'], explore: false }],
  })
  let loaded = ''
  let loads = 0
  let asked = 0
  for (let round = 0; round < ROUNDS; round++) {
    // Every tenth caller wants one of them and no other.
    const model = round % 10 === 9 ? (round % 20 === 9 ? 'a' : 'b') : 'either'
    if (model !== 'either' && model !== loaded) asked++
    const answer = await rawPost(gateway.url, CHAT_PATH, chat({ model }))
    t.equal(answer.status, 200)
    await answer.complete
    const { model: called } = engine.requests.at(-1)!.json as { model: string }
    if (called !== loaded) loads++
    loaded = called
  }
  t.ok(loads <= 1 + asked, `${loads} loads, of which callers asked for ${asked} by name`)
  t.ok(asked > 0 && loads > 0)
})
