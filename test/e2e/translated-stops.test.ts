/** Stop sequences of callers before backends of other formats: the gateway ends the answer, and counts what it took until then. */
import t from 'tap'
import { BACKEND_FORMATS, formatRig } from '../support/format-rig.ts'
import { HELLO } from '../support/format-upstream.ts'
import { rawPost } from '../support/raw-client.ts'

const MESSAGES = [{ role: 'user', content: 'Hi' }]
const SAID = 60
const OTHERS = BACKEND_FORMATS.filter((format) => format !== 'openai-chat')

for (const format of OTHERS)
  await t.test(
    `${format}: an answer that is cut counts as what came of it, not as its backend began to count`,
    async (t) => {
      const { gateway, upstream } = await formatRig(t)
      const said = Array.from({ length: SAID }, (_, at) => `word${at} `)
      upstream.always({ script: { ...HELLO, words: [...said, '\n\n', ...said, ...said, ...said] } })
      const body = { model: `${format}/parrot`, messages: MESSAGES, stop: ['\n\n'], stream: true }
      const answer = await rawPost(gateway.url, '/v1/chat/completions', body)
      const text = (await answer.body()).toString()
      t.match(text, /word59 /)
      t.match(text, '"finish_reason":"stop"')
      t.match(text, /data: \[DONE\]\n\n$/)
      t.equal(text.split('word0 ').length, 2, 'nothing behind it')
      t.equal(await gateway.settled('turnout_requests_total', {}, 1), 1)
      const output = await gateway.metric('turnout_tokens_total', { kind: 'output' })
      t.ok(output >= SAID, `${output} tokens`)
    },
  )

await t.test('more stop sequences than the gateway watches for are refused where it must watch', async (t) => {
  const { gateway, upstream } = await formatRig(t)
  const ask = async (format: string, stop: readonly string[]): Promise<number> => {
    const body = { model: `${format}/parrot`, messages: MESSAGES, stop }
    const answer = await rawPost(gateway.url, '/v1/chat/completions', body)
    const text = (await answer.body()).toString()
    if (answer.status === 400) t.match(text, /at most 64, of 4096 characters together/)
    return answer.status
  }
  const many = Array.from({ length: 65 }, (_, at) => `s${at}`)
  for (const format of OTHERS) {
    t.equal(await ask(format, many), 400, format)
    t.equal(await ask(format, ['x'.repeat(5_000)]), 400, format)
    t.equal(await ask(format, many.slice(1)), 200, format)
  }
  t.equal(upstream.heard.length, OTHERS.length)
  t.equal(await ask('openai-chat', many), 200, 'its own backend is the judge')
})
