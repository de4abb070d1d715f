/** Stop sequences hold whatever a backend is asked in, also where its format has no word for them. */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import t from 'tap'
import { within } from '../support/await.ts'
import { BACKEND_FORMATS, formatRig } from '../support/format-rig.ts'
import { HELLO } from '../support/format-upstream.ts'

const TELLTALE = ['One, ', 'two E', 'N', 'D', ' three', ' four']
const STOP = ['never', 'also not', 'nor this', 'nor that', 'nor those', 'END']

t.test('an answer ends at them, streamed and whole, by every backend', async (t) => {
  const { gateway, upstream } = await formatRig(t)
  upstream.always({ script: { ...HELLO, words: TELLTALE, finish: 'length' } })
  const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
  const claude = new Anthropic({ baseURL: gateway.url, apiKey: 'any', maxRetries: 0 })
  for (const format of BACKEND_FORMATS) {
    const model = `${format}/parrot`
    if (format !== 'openai-chat') {
      const asked = { model, messages: [{ role: 'user' as const, content: 'Count' }], stop: STOP }
      const whole = await openai.chat.completions.create(asked)
      const live = await openai.chat.completions.stream(asked).finalChatCompletion()
      for (const { choices } of [whole, live]) {
        t.equal(choices[0]?.message.content, 'One, two ', `chat by ${format}`)
        t.equal(choices[0]?.finish_reason, 'stop')
      }
      t.ok(whole.usage?.completion_tokens, 'what was taken is told')
    }
    if (format !== 'anthropic-messages') {
      const asked = {
        model,
        max_tokens: 100,
        messages: [{ role: 'user' as const, content: 'Count' }],
        stop_sequences: STOP,
      }
      for (const message of [await claude.messages.create(asked), await claude.messages.stream(asked).finalMessage()])
        t.match(message, {
          content: [{ type: 'text', text: 'One, two ' }],
          stop_reason: 'stop_sequence',
          stop_sequence: 'END',
        })
    }
  }
  t.notMatch(gateway.logged(), /"lossy":\[[^\]]*"stop"/)
  t.equal(await gateway.settled('turnout_successes_total', {}, upstream.heard.length), upstream.heard.length)
})

t.test('a backend that would go on is hung up on, and what it took so far is what it counts as', async (t) => {
  const { gateway, upstream } = await formatRig(t)
  upstream.always({
    script: { ...HELLO, words: [...TELLTALE, ...TELLTALE] },
    fault: { after: 12, how: 'silent' },
  })
  const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
  const asked = {
    model: 'openai-responses/parrot',
    messages: [{ role: 'user' as const, content: 'Count' }],
    stop: 'END',
  }
  const live = openai.chat.completions.stream({ ...asked, stream_options: { include_usage: true } })
  const answer = await within(5_000, 'the end', live.finalChatCompletion())
  t.equal(answer.choices[0]?.message.content, 'One, two ')
  const usage = await live.totalUsage()
  t.ok(usage.completion_tokens > 0 && usage.prompt_tokens > 0)
  t.equal(await within(5_000, 'the backend is left', upstream.last().left), true)
  t.equal(
    await gateway.settled('turnout_tokens_total', { kind: 'output' }, usage.completion_tokens),
    usage.completion_tokens,
  )
})
