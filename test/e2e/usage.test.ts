import type { Test } from 'tap'
import t from 'tap'
import { eventually, within } from '../support/await.ts'
import { chat, chatStream, CHAT_PATH, EMBEDDINGS_PATH, readStream } from '../support/chat.ts'
import type { FaultOptions, Plan } from '../support/fault-plan.ts'
import type { Gateway } from '../support/gateway.ts'
import { usageOf, WORDS } from '../support/openai-answers.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { gatewayFor, singleRig, type SingleRig } from '../support/rig.ts'

const ASKED = { stream_options: { include_usage: true } }
const PRICE = { input_per_mtok_usd: 1, output_per_mtok_usd: 2 }

interface Outcome {
  readonly tokens: Readonly<Record<string, number | boolean>> | null
  readonly cost_usd: number | null
  readonly wasted: { readonly reason: string; readonly tokens: number } | null
}

interface Booked {
  readonly status: number
  readonly outcome: Outcome
  /** Output that was expected of the whole answer. */
  readonly expected: number
}

/** What the books have of the requests so far, the `count`-th being there. */
async function booked(gateway: Gateway, count: number): Promise<readonly Booked[]> {
  const lines = (): readonly string[] =>
    gateway
      .logged()
      .split('\n')
      .filter((line) => line.includes('"decision"'))
  await eventually(3_000, `${count} requests in the books`, () => Promise.resolve(lines().length >= count))
  return lines().map((line) => {
    const { status, decision } = JSON.parse(line) as {
      status: number
      decision: { outcome: Outcome; candidates: { expected: { output_tokens: number } }[] }
    }
    return { status, outcome: decision.outcome, expected: decision.candidates[0]!.expected.output_tokens }
  })
}

const last = async (gateway: Gateway, count: number): Promise<Booked> => (await booked(gateway, count)).at(-1)!

/** A gateway with the backend `inner`, which is another gateway. */
const before = (t: Test, inner: Gateway): Promise<Gateway> =>
  gatewayFor(t, { backends: [{ name: 'inner', kind: 'openai-compatible', url: inner.url, models: ['tiny'] }] })

const CHUNK = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'tiny' }
const RICH = {
  prompt_tokens: 100,
  completion_tokens: 50,
  total_tokens: 150,
  prompt_tokens_details: { cached_tokens: 64 },
  completion_tokens_details: { reasoning_tokens: 30 },
}
const events = (...tail: object[]): readonly string[] =>
  [
    { ...CHUNK, choices: [{ index: 0, delta: { role: 'assistant', content: 'It runs.' }, finish_reason: null }] },
    ...tail,
  ].map((one) => JSON.stringify(one))
const FINISH = { ...CHUNK, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }

t.test('a gateway behind a gateway tells identical usage', async (t) => {
  const { gateway: inner, upstream } = await singleRig(t)
  const outer = await before(t, inner)
  const whole = {
    ...CHUNK,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: 'It runs.' }, finish_reason: 'stop' }],
  }
  const plans: Readonly<Record<string, Plan>> = {
    'own chunk': { events: events(FINISH, { ...CHUNK, choices: [], usage: RICH }) },
    'on the finish chunk': { events: events({ ...FINISH, usage: RICH }) },
    none: { events: events(FINISH) },
  }
  let count = 0
  const both = async (name: string): Promise<Outcome['tokens']> => {
    count++
    const [one, other] = [await last(inner, count), await last(outer, count)]
    t.strictSame(other.outcome.tokens, one.outcome.tokens, `${name}: the same in both books`)
    return one.outcome.tokens
  }
  for (const [name, plan] of Object.entries(plans))
    for (const extra of [{}, ASKED]) {
      upstream.next(plan)
      const got = await readStream(await rawPost(outer.url, CHAT_PATH, chatStream(extra)))
      const tokens = await both(name)
      if (name === 'none') t.match(tokens, { output: 2, estimated: true })
      else t.strictSame(tokens, { input: 100, cached_input: 64, output: 50, reasoning: 30 })
      t.equal(got.usages.length, extra === ASKED ? 1 : 0, name)
      if (extra !== ASKED) continue
      t.strictSame(got.chunks.at(-1)?.choices, [])
      if (name === 'none') t.match(got.usages[0], { completion_tokens: 2, estimated: true })
      else t.strictSame(got.usages[0], RICH)
    }
  upstream.next({ body: { ...whole, usage: RICH } })
  t.strictSame((await (await rawPost(outer.url, CHAT_PATH, chat())).json()).usage, RICH)
  t.match(await both('whole'), { input: 100, cached_input: 64, output: 50, reasoning: 30 })
  upstream.next({ body: { ...whole, timings: { cache_n: 8, prompt_n: 4, predicted_n: 3 } } })
  t.match((await (await rawPost(outer.url, CHAT_PATH, chat())).json()).usage, { prompt_tokens: 12 })
  t.match(await both('timings'), { input: 12, cached_input: 8, output: 3 })
  upstream.next({ body: whole })
  const bare = await rawPost(outer.url, CHAT_PATH, chat())
  t.equal((await bare.json()).usage, undefined, 'nothing is put into a whole answer')
  t.match(await both('whole, none'), { output: 2, estimated: true })
  t.match(bare.headers['x-turnout-tokens'], /output=2, reasoning=0, estimated=true$/)
})

t.test('headers of whole answers agree with the books', async (t) => {
  for (const price of [PRICE, { per_gpu_hour_usd: 3.6 }]) {
    const { gateway, upstream } = await singleRig(t, {}, { backend: { price } })
    const plans: readonly Plan[] = [{}, { usage: 'never' }, { words: ['one ', 'two'], usage: 'null' }]
    for (const [index, plan] of plans.entries()) {
      upstream.next(plan)
      const answer = await rawPost(gateway.url, CHAT_PATH, chat())
      await answer.body()
      const { outcome } = await last(gateway, index + 1)
      const { input, cached_input, output, reasoning, estimated } = outcome.tokens ?? {}
      const mark = estimated ? ', estimated=true' : ''
      t.equal(
        answer.headers['x-turnout-tokens'],
        `input=${input}, cached_input=${cached_input}, output=${output}, reasoning=${reasoning}${mark}`,
      )
      t.equal(Number(answer.headers['x-turnout-cost-usd']), outcome.cost_usd)
      t.ok(outcome.cost_usd! > 0)
      t.equal(estimated ?? false, index > 0)
    }
  }
})

t.test('zeros are no usage: embeddings of LM Studio', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { backend: { price: PRICE } })
  upstream.next({
    body: {
      object: 'list',
      model: 'tiny',
      data: [{ index: 0, embedding: [1] }],
      usage: { prompt_tokens: 0, total_tokens: 0 },
    },
  })
  await (await rawPost(gateway.url, EMBEDDINGS_PATH, { model: 'tiny', input: 'The river runs to the sea' })).body()
  const { outcome } = await last(gateway, 1)
  t.match(outcome.tokens, { output: 0, estimated: true })
  t.ok(Number(outcome.tokens?.input) > 0)
})

t.test('an engine that refuses stream_options is asked without, and its answers are estimated', async (t) => {
  const { gateway, upstream } = await singleRig(t, { refusesStreamOptions: true })
  for (const [index, extra] of [{}, ASKED].entries()) {
    const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream(extra)))
    t.equal(got.text, WORDS.join(''))
    const { outcome } = await last(gateway, index + 1)
    t.equal(outcome.tokens?.estimated, true)
    t.ok(Number(outcome.tokens?.output) >= WORDS.length)
    t.equal(got.usages.length, index)
    if (index === 1) t.match(got.usages[0], { completion_tokens: outcome.tokens?.output, estimated: true })
  }
  t.equal(upstream.requests.length, 3, 'refused once')
})

t.test('a stream that breaks off is counted for what came, once', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  upstream.next({ cut: { events: 5, how: 'fin' } })
  await (await rawPost(gateway.url, CHAT_PATH, chatStream(ASKED))).blocks()
  const all = await booked(gateway, 1)
  t.equal(all.length, 1)
  t.match(all[0]?.outcome.tokens, { estimated: true })
  const output = Number(all[0]?.outcome.tokens?.output)
  t.ok(output >= 4 && output <= 8, `${output} tokens of four words`)
  t.equal(await gateway.metric('turnout_tokens_total', { kind: 'output' }), output)
  upstream.next({ usage: 'cumulative', cut: { events: 5, how: 'fin' } })
  await (await rawPost(gateway.url, CHAT_PATH, chatStream())).blocks()
  t.strictSame(
    (await last(gateway, 2)).outcome.tokens,
    { input: 11, cached_input: 3, output: 4, reasoning: 0 },
    'its own count, as far as it went',
  )
})

/** Starts a stream that stops after four events, reads two, and leaves. */
async function leave(t: Test, onAbort: string, options: FaultOptions = {}, plan: Plan = {}) {
  const rig = await singleRig(t, options, { backend: { on_abort: onAbort, price: PRICE } })
  let open = (): void => undefined
  const gate = new Promise<void>((resolve) => (open = resolve))
  t.teardown(() => open())
  rig.upstream.next({ pace: (event) => (event === 4 ? gate : undefined), ...plan })
  const client = await RawClient.open(rig.gateway.url)
  const answer = client.send(CHAT_PATH, { body: chatStream() })
  answer.catch(() => undefined)
  const request = await within(2_000, 'the request', rig.upstream.waitRequest(1))
  if (plan.headersAfter === undefined) {
    const stream = await answer
    for (let seen = 0; seen < 3; seen++) await stream.next()
  }
  client.destroy()
  return { ...rig, request, open }
}

const settledOnce = async (t: Test, { gateway }: Pick<SingleRig, 'gateway'>): Promise<Booked> => {
  const all = await booked(gateway, 1)
  t.equal(all.length, 1, 'settled once')
  t.equal(all[0]!.status, 499)
  const { tokens, wasted, cost_usd } = all[0]!.outcome
  t.strictSame(wasted, { reason: 'client_abort', tokens: Number(tokens?.input) + Number(tokens?.output) })
  t.equal(cost_usd, (Number(tokens?.input) + 2 * Number(tokens?.output)) / 1e6)
  return all[0]!
}

t.test('on_abort: cancel stops the backend, and counts what came', async (t) => {
  const rig = await leave(t, 'cancel')
  await within(2_000, 'the backend is freed', rig.request.closed)
  const { outcome } = await settledOnce(t, rig)
  t.equal(outcome.tokens?.estimated, true)
  const output = Number(outcome.tokens?.output)
  t.ok(output >= 2 && output <= 5, `${output} tokens of three words`)
})

t.test('on_abort: estimate stops it, and counts the answer that was expected', async (t) => {
  const rig = await leave(t, 'estimate')
  await within(2_000, 'the backend is freed', rig.request.closed)
  const { outcome, expected } = await settledOnce(t, rig)
  t.equal(outcome.tokens?.estimated, true)
  t.ok(expected > 10, `${expected} were expected`)
  t.equal(outcome.tokens?.output, Math.round(expected))
})

t.test('on_abort: estimate, before anything came', async (t) => {
  const rig = await leave(t, 'estimate', {}, { headersAfter: 'never' })
  await within(2_000, 'the backend is freed', rig.request.closed)
  const { outcome, expected } = await settledOnce(t, rig)
  t.equal(outcome.tokens?.output, Math.round(expected))
})

const EXACT = { input: 11, cached_input: 3, output: WORDS.length, reasoning: 0 }

t.test('on_abort: drain reads the answer to its end for its usage', async (t) => {
  t.equal(usageOf(WORDS.length)['prompt_tokens'], 11)
  const rig = await leave(t, 'drain')
  const other = await rawPost(rig.gateway.url, CHAT_PATH, chat())
  t.equal(other.status, 200, 'others are served in the meantime')
  await other.body()
  t.equal((await booked(rig.gateway, 1)).length, 1, 'it is not settled yet')
  rig.open()
  const all = await booked(rig.gateway, 2)
  t.equal(all.length, 2)
  t.equal(all[1]!.status, 499)
  t.strictSame(all[1]!.outcome.tokens, EXACT, 'the truth')
  t.strictSame(all[1]!.outcome.wasted, { reason: 'client_abort', tokens: 11 + WORDS.length })
})

t.test('on_abort: drain, before anything came, and of a whole answer', async (t) => {
  for (const stream of [true, false]) {
    const { gateway, upstream } = await singleRig(t, {}, { backend: { on_abort: 'drain', price: PRICE } })
    let open = (): void => undefined
    upstream.next({ headersAfter: new Promise<void>((resolve) => (open = resolve)) })
    const client = await RawClient.open(gateway.url)
    client.send(CHAT_PATH, { body: chat({ stream }) }).catch(() => undefined)
    await within(2_000, 'the request', upstream.waitRequest(1))
    // A FIN so soon after the request would be put to the test first.
    client.reset()
    await client.closed
    // The gateway has looked at its sockets twice since then.
    for (let round = 0; round < 2; round++) await gateway.metric('turnout_inflight_requests')
    open()
    const booking = await settledOnce(t, { gateway })
    t.strictSame(booking.outcome.tokens, EXACT, stream ? 'streamed' : 'whole')
  }
})

t.test('on_abort: drain of an answer that breaks off counts what came, and asks nobody else', async (t) => {
  const rig = await leave(t, 'drain', {}, { cut: { events: 6, how: 'reset' } })
  rig.open()
  const { outcome } = await settledOnce(t, rig)
  t.equal(outcome.tokens?.estimated, true)
  t.equal(rig.upstream.requests.length, 1)
})

t.test('a gateway that stops ends what it drains', async (t) => {
  const rig = await leave(t, 'drain')
  await eventually(
    2_000,
    'the caller is gone',
    async () => (await rig.gateway.metric('turnout_inflight_requests')) === 1,
  )
  await within(3_000, 'it stops', rig.gateway.close())
  const { outcome } = await settledOnce(t, rig)
  t.equal(outcome.tokens?.estimated, true)
})
