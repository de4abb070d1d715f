import t from 'tap'
import { chatStream, CHAT_PATH, readStream } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import { streamFrames } from '../support/fault-frames.ts'
import { liveRequest } from '../support/fault-record.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

// Some hundreds of requests one after the other: a busy machine takes its time.
t.setTimeout(120_000)

// What the upstream sends in the split tests: several languages, CR LF, comments, usage inside.
const PLAN: Plan = {
  words: ['größe ', '水と', '🚂', '\r\n'],
  eol: '\r\n',
  comments: true,
  usage: 'content',
  reasoning: ['é'],
}

/** Length of the body that this plan makes, as the upstream builds it. */
function bodyLength(plan: Plan): number {
  const request = liveRequest({
    number: 1,
    method: 'POST',
    path: CHAT_PATH,
    rawHeaders: [],
    headers: {},
    bytes: Buffer.alloc(0),
    json: chatStream({ stream_options: { include_usage: true } }),
    socket: 1,
    reused: false,
    at: 0,
    unknown: [],
  })
  return streamFrames(request, plan).reduce((sum, frame) => sum + frame.bytes.length, 0)
}

const SPLIT: readonly (readonly [string, Plan])[] = [
  ['one line an event', PLAN],
  ['many lines an event', { words: ['水'], manyLines: true, noise: true, usage: 'never' }],
]

for (const [name, plan] of SPLIT)
  t.test(`every split of the upstream stream gives the same events: ${name}`, async (t) => {
    const { gateway, upstream } = await singleRig(t, { plan })
    const body = chatStream({ stream_options: { include_usage: true } })
    const whole = await readStream(await rawPost(gateway.url, CHAT_PATH, body))
    t.equal(whole.text, plan.words?.join(''))
    t.equal(whole.dones, 1)
    const length = bodyLength(plan)
    const offsets = Array.from({ length: length - 1 }, (_, i) => i + 1)
    const different: number[] = []
    const expected = JSON.stringify(whole.chunks)
    const client = await RawClient.open(gateway.url)
    for (const at of offsets) {
      upstream.next({ ...plan, split: [at] })
      const got = await readStream(await client.send(CHAT_PATH, { body }))
      if (JSON.stringify(got.chunks) !== expected || got.dones !== 1 || !got.doneLast) different.push(at)
    }
    client.destroy()
    t.same(different, [], `${length} bytes`)
  })

for (const eol of ['\n', '\r\n', '\r'] as const) {
  t.test(`one byte at a time, lines ending in ${JSON.stringify(eol)}`, async (t) => {
    const { gateway, upstream } = await singleRig(t, { plan: { ...PLAN, eol } })
    const whole = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
    t.equal(whole.text, 'größe 水と🚂\r\n')
    for (const manyLines of [false, true]) {
      upstream.next({ ...PLAN, eol, manyLines, split: 'every' })
      const bytewise = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
      t.same(bytewise.chunks, whole.chunks)
      t.equal(bytewise.dones, 1)
    }
  })
}

t.test('what SDKs stumble over is left out, and nothing else', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const clean = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
  upstream.next({ noise: true, comments: true })
  const noisy = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
  t.same(noisy.chunks, clean.chunks)
  t.same(noisy.noise, [])
  t.equal(noisy.dones, 1)
})

t.test('an event of 5 MB passes whole, in one piece and in many', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const split of [undefined, Array.from({ length: 600 }, (_, i) => i * 9_001)]) {
    upstream.next({ hugeBytes: 5_000_000, ...(split ? { split } : {}) })
    const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
    t.equal(got.text.length - got.text.replaceAll('x', '').length, 5_000_000)
    t.equal(got.dones, 1)
    t.same(got.errors, [])
  }
})

t.test('a stream without [DONE] gets one; a last event without a blank line is not lost', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const whole = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
  upstream.next({ done: false })
  const undone = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
  t.same(undone.chunks, whole.chunks)
  t.same([undone.dones, undone.doneLast], [1, true])
  const open = bodyLength({ done: false, usage: 'never' }) - 2
  upstream.next({ done: false, usage: 'never', cut: { bytes: open, how: 'end' } })
  const cut = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
  t.equal(cut.finish, 'stop')
  t.same([cut.dones, cut.errors.length], [1, 0])
})
