/** Readers and backends that are slow, in every dialect, native and translated. */
import t from 'tap'
import { ENDPOINTS } from '../../src/core/endpoints.ts'
import { atRest, eventually, within } from '../support/await.ts'
import { askIn, dialectOf, waysOf } from '../support/dialects.ts'
import { BACKEND_FORMATS, formatRig } from '../support/format-rig.ts'
import { HELLO } from '../support/format-upstream.ts'
import { RawClient } from '../support/raw-client.ts'

const STREAMS = ENDPOINTS.filter(
  (endpoint) =>
    endpoint.served && endpoint.asks === 'chat' && endpoint.counts === null && waysOf(endpoint).includes(true),
)
/** Google's clients take a stream as a list as well. */
const ASKED = STREAMS.flatMap((endpoint) =>
  (endpoint.format === 'gemini' ? ['?alt=sse', ''] : ['']).map((query) => ({ endpoint, query })),
)

/** Larger than what systems keep for a reader who has not read yet, on both ways: up to 32 MiB where much came at once. */
const WORD = 64 << 10
const WORDS = 768
/** Responses says its text again whole in four events behind the last word. */
const WORDS_TOLD_AGAIN = 384

/** Each caller before a backend that speaks its format, and before one that does not; each backend before one that does not at least. */
const PAIRS = ASKED.flatMap(({ endpoint, query }, at) => {
  const own = BACKEND_FORMATS.find((format) => format === endpoint.format)!
  const others = BACKEND_FORMATS.filter((format) => format !== own)
  return [own, others[at % others.length]!].map((format) => ({ endpoint, query, format }))
})

const whole = (text: string): RegExp => new RegExp(`"(?:content|delta|text|response)":"(${text}{${WORD}})"`, 'g')

/** The end of a list of events. */
const LIST_END = /"finishReason":"STOP"[^\n]*\}\s*\]\s*$/

for (const { endpoint, query, format } of PAIRS)
  t.test(
    `${endpoint.id}${query} by ${format}: a caller that does not read holds it up, and then gets all`,
    async (t) => {
      const { gateway, upstream } = await formatRig(t, { limits: { buffer: '64MiB' } })
      const words = endpoint.format === 'openai-responses' ? WORDS_TOLD_AGAIN : WORDS
      upstream.always({ script: { ...HELLO, words: Array.from({ length: words }, () => 'Q'.repeat(WORD)) } })
      const model = `${format}/parrot`
      const client = await RawClient.open(gateway.url)
      const path = endpoint.path.replace('*', encodeURIComponent(model)) + query
      const answering = client.send(path, { body: dialectOf(endpoint).body(model, true) })
      client.socket.pause()
      await eventually(5_000, 'the call', () => upstream.heard.length > 0)
      const heard = upstream.last()
      const sent = (): number => heard.sent()
      await atRest(300, 'the backend', sent)
      t.ok(sent() > 0 && sent() < words * WORD * 0.9, `${sent()} of ${words * WORD} bytes while nothing is read`)
      client.socket.resume()
      const answer = await within(5_000, 'the head', answering)
      t.equal(await within(60_000, 'the end', answer.complete), true)
      const text = (await answer.body()).toString('latin1')
      t.equal(text.match(whole('Q'))?.length, words, 'all of it')
      const end = query === '' && endpoint.format === 'gemini' ? LIST_END : dialectOf(endpoint).whole
      t.ok(end.test(text), 'and its end')
      client.destroy()
    },
  )

t.test('what a slow backend says is told at once, word by word', async (t) => {
  const { gateway, upstream } = await formatRig(t)
  const words = Array.from({ length: 6 }, (_, at) => `word-${at}-`)
  for (const format of BACKEND_FORMATS)
    for (const { endpoint, query } of ASKED) {
      const what = `${endpoint.id}${query} by ${format}`
      let text = ''
      upstream.next({
        script: { ...HELLO, words },
        before: async (event) => {
          const at = words.findLastIndex((word) => event.includes(word))
          if (at > 0) await eventually(5_000, `${what}: word ${at - 1}`, () => text.includes(words[at - 1]!))
        },
      })
      const answer = await askIn(endpoint, gateway.url, { model: `${format}/parrot`, stream: true })
      const reader = answer.body!.getReader()
      const decoder = new TextDecoder()
      for (let part = await reader.read(); !part.done; part = await reader.read())
        text += decoder.decode(part.value as Uint8Array, { stream: true })
      for (const word of words) t.match(text, word, what)
    }
})
