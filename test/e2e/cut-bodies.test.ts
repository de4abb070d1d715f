/** A body without a length ends with its connection, whether or not that was its end. */
import t from 'tap'
import { within } from '../support/await.ts'
import { chat, CHAT_PATH, EMBEDDINGS_PATH, RERANK_PATH } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import { seeded } from '../support/random.ts'
import { rawPost } from '../support/raw-client.ts'
import { pairRig, singleRig } from '../support/rig.ts'

const LARGE: Plan = {
  words: Array.from({ length: 4_000 }, (_, i) => `say "${i}" {and [so] on}\\ \n`),
}
const embeddings = (one: unknown): Plan => ({
  body: {
    object: 'list',
    data: Array.from({ length: 60 }, (_, index) => ({ object: 'embedding', index, embedding: one })),
    model: 'm',
    usage: { prompt_tokens: 5, total_tokens: 5 },
  },
})
const VECTORS = embeddings(Array.from({ length: 400 }, (_, i) => i / 7))
const PACKED = embeddings('A'.repeat(4_000))
const ASKED: readonly [string, object, Plan][] = [
  [CHAT_PATH, chat(), LARGE],
  [EMBEDDINGS_PATH, { model: 'tiny', input: 'x' }, VECTORS],
  [EMBEDDINGS_PATH, { model: 'tiny', input: 'x', encoding_format: 'base64' }, PACKED],
]
const SIZE = 90_000

t.test('beyond the buffer: none that is cut is sold as whole', async (t) => {
  const random = seeded(Number(process.env['SEED'] ?? 5))
  const { gateway, upstream } = await singleRig(t, {}, { limits: { buffer: '16KiB' } })
  let cuts = 0
  for (const [path, body, plan] of ASKED)
    for (let round = 0; round < 16; round++)
      for (const how of ['fin', 'end'] as const) {
        const bytes = 17_000 + Math.floor(random() * (SIZE - 17_000))
        upstream.next({ ...plan, untilClose: true, cut: { bytes, how } })
        const response = await rawPost(gateway.url, path, body)
        t.equal(await within(5_000, 'an end', response.complete), false, `${path} cut at ${bytes}`)
        cuts++
      }
  t.equal(await gateway.settled('turnout_attempts_total', { outcome: 'upstream_incomplete' }, cuts), cuts)
})

t.test('beyond the buffer: whole ones are whole, with and without a length', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { limits: { buffer: '16KiB' } })
  for (const [path, body, plan] of ASKED)
    for (const more of [{ untilClose: true }, {}, { mark: true, untilClose: true }] as const) {
      upstream.next({ ...plan, ...more })
      const response = await rawPost(gateway.url, path, body)
      t.equal(response.status, 200)
      t.ok(JSON.parse((await response.body()).toString()), path)
    }
})

t.test('compressed, a cut is a cut as well', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { limits: { buffer: '16KiB' } })
  const random = seeded(1)
  const numbers = embeddings(Array.from({ length: 2_000 }, random))
  for (const encoding of ['gzip', 'br', 'deflate', 'raw'] as const) {
    upstream.next({ ...numbers, encoding, untilClose: true, cut: { bytes: 10_000, how: 'fin' } })
    const response = await rawPost(gateway.url, EMBEDDINGS_PATH, { model: 'tiny', input: 'x' })
    const end = response.status === 200 ? await within(5_000, 'an end', response.complete) : false
    t.equal(end, false, encoding)
  }
})

t.test('within the buffer another backend answers, wherever it was cut', async (t) => {
  const small: readonly [string, object, Plan][] = [
    [CHAT_PATH, chat(), { words: ['a "b" {c', '\\'] }],
    [EMBEDDINGS_PATH, { model: 'tiny', input: 'x' }, {}],
    [RERANK_PATH, { model: 'tiny', query: 'water', documents: ['sea', 'stone'] }, {}],
    [EMBEDDINGS_PATH, { model: 'tiny', input: 'x' }, VECTORS],
  ]
  for (const [path, body, plan] of small)
    for (const share of [0.02, 0.3, 0.6, 0.9, 0.98]) {
      const whole = await singleRig(t, { plan })
      const size = (await (await rawPost(whole.gateway.url, path, body)).body()).length
      const { gateway, upstreams } = await pairRig(t)
      const bytes = Math.max(1, Math.floor(size * share))
      let left = 1
      const rule = (): Plan => (left-- > 0 ? { ...plan, untilClose: true, cut: { bytes, how: 'fin' } } : plan)
      upstreams.a.set({ rule })
      upstreams.b.set({ rule })
      const response = await rawPost(gateway.url, path, body)
      t.equal(response.status, 200)
      t.equal(response.headers['x-turnout-attempts'], '2', `${path} at ${bytes}`)
      t.equal(await gateway.settled('turnout_attempts_total', { outcome: 'upstream_incomplete' }, 1), 1)
      await whole.gateway.close()
      await gateway.close()
    }
})

t.test('what needs no rewriting passes through, whatever its size', async (t) => {
  const { gateway, upstream } = await singleRig(t, { plan: PACKED }, { limits: { buffer: '16KiB' } })
  const response = await rawPost(gateway.url, EMBEDDINGS_PATH, { model: 'tiny', input: 'x', encoding_format: 'base64' })
  t.equal(response.status, 200)
  t.same(JSON.parse((await response.body()).toString()), PACKED.body)
  const ranked = { results: Array.from({ length: 2_000 }, (_, index) => ({ index, relevance_score: 0.5 })) }
  upstream.next({ body: ranked })
  const order = await rawPost(gateway.url, RERANK_PATH, { model: 'tiny', query: 'q', documents: ['a'] })
  t.same(JSON.parse((await order.body()).toString()), ranked)
})
