/** Answers of the Responses API that are kept: who may go on from them, and where they lie. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { eventually, within } from '../support/await.ts'
import type { FaultUpstream } from '../support/fault-upstream.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { missing } from '../support/engines.ts'
import { type ConfigObject, hashed, type OwnGateway } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { gatewayFor } from '../support/rig.ts'

interface World {
  readonly gateway: OwnGateway
  readonly upstream: FaultUpstream
  readonly client: (key: string) => OpenAI
}

const KEYS = ['ann', 'bob'].map((id) => ({ id, hash: hashed(`key of ${id}`) }))

async function world(test: Test, store: ConfigObject = {}, upstream?: FaultUpstream): Promise<World> {
  const up = upstream ?? (await startFaultUpstream({ plan: { words: ['Paris', '.'] } }))
  if (upstream === undefined) test.teardown(() => up.close())
  const backends = [{ name: 'up', kind: 'openai-compatible', url: up.url, models: ['tiny'] }]
  const gateway = await gatewayFor(test, { backends, keys: KEYS, store })
  const client = (id: string): OpenAI =>
    new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: `key of ${id}`, maxRetries: 0 })
  return { gateway, upstream: up, client }
}

/** Where answers may lie. */
const STORES: Readonly<Record<string, (test: Test) => Promise<ConfigObject>>> = {
  memory: () => Promise.resolve({}),
  'a folder': (test) => Promise.resolve({ answers: test.testdir() }),
  Redis: async (test) => ({ answers: 'redis', redis: (await startRedis(test)).url }),
}
const stores = Object.entries(STORES).map(([where, store]) => ({
  where,
  store,
  skip: where === 'Redis' && missing('redis'),
}))

const messagesOf = ({ requests }: FaultUpstream): unknown => requests.at(-1)?.json?.['messages']

for (const { where, store, skip } of stores)
  t.test(
    `${where}: a conversation goes on from an answer, streamed or not, and its backend is told all`,
    { skip },
    async (t) => {
      const { client, upstream, gateway } = await world(t, await store(t))
      const ann = client('ann')
      const first = await ann.responses.create({
        model: 'tiny',
        input: 'Capital of France?',
        instructions: 'Be brief.',
      })
      const second = await ann.responses
        .stream({ model: 'tiny', input: [{ role: 'user', content: 'And Italy?' }], previous_response_id: first.id })
        .finalResponse()
      // What was an instruction then is none now.
      t.match(messagesOf(upstream), [
        { role: 'user', content: 'Capital of France?' },
        { role: 'assistant', content: 'Paris.' },
        { role: 'user', content: 'And Italy?' },
      ])
      t.equal(second.previous_response_id, first.id)
      const third = await ann.responses.create({ model: 'tiny', input: 'And Spain?', previous_response_id: second.id })
      t.equal((messagesOf(upstream) as unknown[]).length, 5)
      t.equal(third.output_text, 'Paris.')
      const [item] = first.output
      await ann.responses.create({
        model: 'tiny',
        input: [
          { type: 'item_reference', id: String(item?.id) },
          { role: 'user', content: 'Why?' },
        ],
      })
      t.match(messagesOf(upstream), [
        { role: 'assistant', content: 'Paris.' },
        { role: 'user', content: 'Why?' },
      ])
      // With it ends what is still on its way to the disk.
      await gateway.close()
    },
  )

for (const { where, store, skip } of stores)
  t.test(`${where}: an answer can be asked for, listed and deleted by its key alone`, { skip }, async (t) => {
    const { client, gateway } = await world(t, await store(t))
    const ann = client('ann')
    const bob = client('bob')
    const input = Array.from({ length: 3 }, (_, at) => ({ role: 'user' as const, content: `line ${at}` }))
    const answer = await ann.responses.create({ model: 'tiny', input })
    const kept = await ann.responses.retrieve(answer.id)
    t.match(kept, { id: answer.id, output: answer.output, output_text: 'Paris.' })
    const texts: unknown[] = []
    for await (const item of ann.responses.inputItems.list(answer.id, { order: 'asc', limit: 2 })) texts.push(item)
    t.match(
      texts,
      input.map(({ content }) => ({ type: 'message', id: /^msg_/, content: [{ type: 'input_text', text: content }] })),
    )
    for (const call of [
      () => bob.responses.retrieve(answer.id),
      () => bob.responses.delete(answer.id),
      () => bob.responses.inputItems.list(answer.id),
      () => ann.responses.retrieve('resp_none'),
    ])
      await t.rejects(async () => await call(), { status: 404, code: 'answer_not_found' })
    await t.rejects(bob.responses.create({ model: 'tiny', input: 'x', previous_response_id: answer.id }), {
      status: 400,
      param: 'previous_response_id',
      message: /unknown to this key/,
    })
    await t.rejects(ann.responses.cancel(answer.id), { status: 400, message: /background/ })
    await ann.responses.delete(answer.id)
    await t.rejects(ann.responses.retrieve(answer.id), { status: 404, code: 'answer_not_found' })
    t.notMatch(gateway.logged(), /Paris|line 0/)
    await gateway.close()
  })

t.test('an answer that is kept comes as a stream as well, from its beginning or behind an event', async (t) => {
  const { client, gateway } = await world(t)
  const ann = client('ann')
  const answer = await ann.responses.create({ model: 'tiny', input: 'Capital of France?' })
  const events: OpenAI.Responses.ResponseStreamEvent[] = []
  for await (const event of await ann.responses.retrieve(answer.id, { stream: true })) events.push(event)
  t.strictSame(
    events.map((event) => event.sequence_number),
    events.map((_, at) => at),
  )
  t.match(events[0], { type: 'response.created', response: { id: answer.id, status: 'in_progress' } })
  const text = events.flatMap((event) => (event.type === 'response.output_text.delta' ? [event.delta] : [])).join('')
  t.equal(text, 'Paris.')
  t.match(events.at(-1), { type: 'response.completed', response: { id: answer.id, output: answer.output } })
  t.equal((await ann.responses.stream({ response_id: answer.id }).finalResponse()).output_text, 'Paris.')
  for (let after = 0; after < events.length; after++) {
    const rest: unknown[] = []
    for await (const event of await ann.responses.retrieve(answer.id, { stream: true, starting_after: after }))
      rest.push(event)
    t.strictSame(rest, events.slice(after + 1), `behind ${after}`)
  }
  const headers = { authorization: 'Bearer key of ann' }
  for (const query of [
    'stream=yes',
    'starting_after=2',
    'stream=true&starting_after=-1',
    'stream=true&starting_after=x',
  ])
    t.equal((await fetch(`${gateway.url}/v1/responses/${answer.id}?${query}`, { headers })).status, 400, query)
  await t.rejects(async () => await client('bob').responses.retrieve(answer.id, { stream: true }), {
    status: 404,
    code: 'answer_not_found',
  })
})

t.test('compaction is refused with what to do instead', async (t) => {
  const { client } = await world(t)
  await t.rejects(client('ann').responses.compact({ model: 'tiny', input: 'x' }), {
    status: 404,
    code: 'not_implemented',
    message: /summary/,
  })
})

t.test('nothing is kept where the caller, or the operator, wants nothing kept', async (t) => {
  const { client } = await world(t)
  const ann = client('ann')
  const answer = await ann.responses.create({ model: 'tiny', input: 'x', store: false })
  await t.rejects(ann.responses.retrieve(answer.id), { status: 404, code: 'answer_not_found' })
  const none = (await world(t, { answers: 'none' })).client('ann')
  const other = await none.responses.create({ model: 'tiny', input: 'x' })
  await t.rejects(none.responses.create({ model: 'tiny', input: 'y', previous_response_id: other.id }), {
    status: 400,
    message: /store\.answers/,
  })
})

t.test('a folder outlives the process, holds what the operator allows, and its names tell nothing', async (t) => {
  const folder = t.testdir()
  const store = { answers: folder, answers_max: '8KiB' }
  const { client, upstream, gateway } = await world(t, store)
  const first = await client('ann').responses.create({ model: 'tiny', input: 'Capital of France?' })
  await gateway.close()
  const again = await world(t, store, upstream)
  const ann = again.client('ann')
  await ann.responses.create({ model: 'tiny', input: 'And Italy?', previous_response_id: first.id })
  t.equal((messagesOf(upstream) as unknown[]).length, 3)
  for (let at = 0; at < 12; at++) await ann.responses.create({ model: 'tiny', input: `more ${at}` })
  await t.rejects(ann.responses.retrieve(first.id), { status: 404, code: 'answer_not_found' })
  // With it ends what is still on its way to the disk.
  await again.gateway.close()
  const files = await readdir(folder)
  const sizes = await Promise.all(files.map(async (file) => (await readFile(join(folder, file))).length))
  t.ok(files.length > 2, `${files.length} files`)
  t.ok(sizes.reduce((sum, size) => sum + size, 0) <= 8 * 1024, `${sizes.join()} bytes`)
  for (const file of files) t.match(file, /^[\w-]{43}\.json$/)
})

t.test('tokens are counted without a call, also behind an answer that is gone on from', async (t) => {
  const { client, upstream } = await world(t)
  const ann = client('ann')
  const first = await ann.responses.create({ model: 'tiny', input: 'word '.repeat(300) })
  const alone = await ann.responses.inputTokens.count({ model: 'tiny', input: 'And?' })
  const behind = await ann.responses.inputTokens.count({
    model: 'tiny',
    input: 'And?',
    previous_response_id: first.id,
  })
  t.equal(alone.object, 'response.input_tokens')
  t.ok(behind.input_tokens > alone.input_tokens + 200, `${behind.input_tokens} > ${alone.input_tokens}`)
  t.equal(upstream.requests.length, 1)
})

t.test(
  "gateways that share a Redis go on from each other's answers, and its names tell nothing",
  { skip: missing('redis') },
  async (t) => {
    const redis = await startRedis(t)
    const store = { answers: 'redis', redis: redis.url }
    const one = await world(t, store)
    const other = await world(t, store, one.upstream)
    const first = await one.client('ann').responses.create({ model: 'tiny', input: 'Capital of France?' })
    const ann = other.client('ann')
    await ann.responses.create({ model: 'tiny', input: 'And Italy?', previous_response_id: first.id })
    t.equal((messagesOf(one.upstream) as unknown[]).length, 3)
    const reference = { type: 'item_reference' as const, id: String(first.output[0]?.id) }
    await ann.responses.create({ model: 'tiny', input: [reference, { role: 'user', content: 'Why?' }] })
    t.match(messagesOf(one.upstream), [{ role: 'assistant', content: 'Paris.' }, { role: 'user' }])
    await t.rejects(other.client('bob').responses.retrieve(first.id), { status: 404, code: 'answer_not_found' })
    const keys = await keysOf(redis)
    t.ok(keys.length >= 3)
    for (const key of keys) t.match(key, /^turnout:answer:[\w-]{43}$/)
    await ann.responses.delete(first.id)
    await t.rejects(one.client('ann').responses.retrieve(first.id), { status: 404, code: 'answer_not_found' })
  },
)

t.test(
  'while Redis is away answers come, and whoever names one hears that it cannot be looked up',
  { skip: missing('redis') },
  async (t) => {
    const redis = await startRedis(t)
    const { client } = await world(t, { answers: 'redis', redis: redis.url })
    const ann = client('ann')
    const first = await ann.responses.create({ model: 'tiny', input: 'Capital of France?' })
    for (const leave of [() => Promise.resolve(redis.freeze()), () => redis.stop()]) {
      await leave()
      const started = performance.now()
      const answer = await ann.responses.create({ model: 'tiny', input: 'Capital of Italy?' })
      t.equal(answer.output_text, 'Paris.')
      t.ok(performance.now() - started < 900, 'nobody waits for what is kept')
      const calls = [
        () => ann.responses.create({ model: 'tiny', input: 'And?', previous_response_id: first.id }),
        () => ann.responses.retrieve(first.id),
        () => ann.responses.delete(first.id),
      ]
      for (const call of calls) {
        const failure = await within(
          3_000,
          'an answer',
          Promise.resolve(call()).catch((error: unknown) => error),
        )
        t.match(failure, { status: 503, code: 'answer_store_unavailable' })
        t.equal((failure as InstanceType<typeof OpenAI.APIError>).headers?.get('retry-after'), '1')
      }
    }
    await redis.start()
    await eventually(5_000, 'answers are kept again', async () => {
      const { id } = await ann.responses.create({ model: 'tiny', input: 'Capital of Spain?' })
      return ann.responses.retrieve(id).then(
        () => true,
        () => false,
      )
    })
  },
)

async function keysOf({ url }: RedisServer): Promise<string[]> {
  const client = new Redis(url)
  try {
    return await client.keys('turnout:answer:*')
  } finally {
    client.disconnect()
  }
}
