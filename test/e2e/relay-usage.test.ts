import t from 'tap'
import { chat, chatStream, CHAT_PATH, COMPLETIONS_PATH, readStream } from '../support/chat.ts'
import type { UsagePlace } from '../support/fault-plan.ts'
import { usageOf, WORDS } from '../support/openai-answers.ts'
import { rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

const TEXT = WORDS.join('')
const EXACT = usageOf(WORDS.length)
const KNOWN: readonly UsagePlace[] = ['own', 'always', 'content', 'finish', 'cumulative']
const ASKED = { stream_options: { include_usage: true } }

t.test('streamed and not streamed have the same text and usage', async (t) => {
  const { gateway } = await singleRig(t)
  for (const [path, body] of [
    [CHAT_PATH, chat()],
    [COMPLETIONS_PATH, { model: 'tiny', prompt: 'The river' }],
  ] as const) {
    const whole = await (await rawPost(gateway.url, path, body)).json()
    const stream = await readStream(await rawPost(gateway.url, path, { ...body, stream: true, ...ASKED }))
    const [choice] = whole.choices as [{ message?: { content: string }; text?: string; finish_reason: string }]
    t.equal(choice.message?.content ?? choice.text, TEXT, path)
    t.equal(stream.text, TEXT, path)
    t.equal(stream.finish, choice.finish_reason, path)
    t.same(stream.usages, [whole.usage], path)
  }
})

t.test('usage that was not asked for is not shown, wherever the engine puts it', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const usage of [...KNOWN, 'never', 'null'] as const) {
    upstream.next({ usage })
    const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
    t.equal(got.usageKeys, 0, `${usage}: no usage member`)
    t.ok(
      got.chunks.every((chunk) => chunk.choices?.length === 1),
      `${usage}: no empty event`,
    )
    t.same([got.text, got.finish, got.dones], [TEXT, 'stop', 1], usage)
  }
})

t.test('usage that was asked for is exact, wherever the engine puts it', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const usage of KNOWN) {
    upstream.next({ usage })
    const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream(ASKED)))
    t.match(got.usages.at(-1), EXACT, usage)
    if (usage !== 'cumulative') t.equal(got.usages.length, 1, `${usage}: once`)
    t.same([got.text, got.finish, got.dones], [TEXT, 'stop', 1], usage)
  }
})

t.test('the tokens of every stream are counted, asked for or not', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  let streams = 0
  for (const usage of KNOWN)
    for (const extra of [{}, ASKED]) {
      upstream.next({ usage })
      await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream(extra)))
      streams++
    }
  const output = await gateway.settled('turnout_tokens_total', { kind: 'output' }, streams * WORDS.length)
  t.equal(output, streams * WORDS.length)
})

t.test('the engine is asked for usage, and the other stream options stay', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const bodies = [
    chatStream(),
    chatStream({ stream_options: { include_obfuscation: false } }),
    chatStream(ASKED),
    chat(),
  ]
  for (const body of bodies) await (await rawPost(gateway.url, CHAT_PATH, body)).complete
  t.same(
    upstream.requests.map((request) => request.json?.stream_options),
    [{ include_usage: true }, { include_obfuscation: false, include_usage: true }, { include_usage: true }, undefined],
  )
})

interface Variant {
  readonly headers?: Record<string, string>
  readonly limits?: Record<string, number>
}

t.test('an engine that refuses stream_options is asked once more without, and it is remembered', async (t) => {
  const variants = [{}, { headers: { 'x-turnout-no-fallback': '1' } }, { limits: { attempts: 1 } }] as const
  for (const { headers = {}, limits = {} } of variants as readonly Variant[]) {
    const { gateway, upstream } = await singleRig(t, { refusesStreamOptions: true }, { limits })
    const first = await rawPost(gateway.url, CHAT_PATH, chatStream(), headers)
    t.equal(first.status, 200, `refused once ${JSON.stringify({ headers, limits })}`)
    if (first.status !== 200) continue
    t.equal((await readStream(first)).text, TEXT)
    t.equal(upstream.requests.length, 2)
    const second = await rawPost(gateway.url, CHAT_PATH, chatStream(), headers)
    t.equal((await readStream(second)).text, TEXT)
    t.equal(upstream.requests.length, 3, 'the next request asks rightly at once')
  }
})

t.test('usage inside of the last choice counts', async (t) => {
  const chunk = (fields: object): string =>
    JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'tiny', ...fields })
  const usage = { prompt_tokens: 11, completion_tokens: 4, total_tokens: 15 }
  const { gateway } = await singleRig(t, {
    plan: {
      events: [
        chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: 'yes' }, finish_reason: null }] }),
        chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop', usage }] }),
      ],
    },
  })
  const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
  t.equal(got.finish, 'stop')
  t.equal(await gateway.settled('turnout_tokens_total', { kind: 'input' }, 11), 11)
  t.equal(await gateway.metric('turnout_tokens_total', { kind: 'output' }), 4)
})

t.test('a content type in capitals, and an encoding that is none, are a stream', async (t) => {
  const { gateway } = await singleRig(t, {
    plan: { contentType: 'Text/Event-Stream', headers: { 'content-encoding': 'identity' } },
  })
  t.equal((await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))).finish, 'stop')
})
