import t from 'tap'
import type { Job } from '../../../benchmarks/overhead/job.ts'
import { FIRST_NUMBER } from '../../../benchmarks/overhead/numbered.ts'
import { type Ask, askedOf, promptOf, variantOf } from '../../../benchmarks/overhead/payload.ts'
import { requestsOf } from '../../../benchmarks/overhead/requests.ts'

const jobOf = (ask: Ask): Job => ({
  name: 'test',
  port: 1,
  token: 'secret',
  model: 'auto',
  models: 8,
  load: { shape: 'closed', ask, connections: 1, pauseMs: 0, warmMs: 0, windowMs: 0, requests: null },
  proxyPids: [],
  upstreamPid: 0,
  samples: false,
})

t.test('every request is another one, whole, and says its number to the upstream', async (t) => {
  const asks: Ask[] = [
    { prompt: 'small', stream: false, chunks: 1, delayMs: 0 },
    { prompt: 'small', stream: true, chunks: 20, delayMs: 10 },
    { prompt: 'large', stream: false, chunks: 1, delayMs: 0 },
  ]
  for (const ask of asks) {
    const requestOf = requestsOf(jobOf(ask))
    const seen = new Set<string>()
    const numbers = [0, 1, 2, 511, 512, 513, 1024].map((more) => FIRST_NUMBER + more)
    const bodies = numbers.map((number) => requestOf(number).toString().split('\r\n\r\n'))
    for (const [index, [head, body]] of bodies.entries()) {
      const number = numbers[index]!
      t.equal(Buffer.byteLength(body!), Number(/content-length: (\d+)/.exec(head!)?.[1]))
      const { messages, stream } = JSON.parse(body!) as { messages: { content: string }[]; stream?: true }
      t.equal(stream ?? false, ask.stream)
      t.match(messages[1]!.content, `Case ${number}.`)
      t.strictSame(askedOf(body!.slice(0, 200)), { model: 'auto', number, chunks: ask.chunks, delayMs: ask.delayMs })
      const prompt = promptOf(ask.prompt, variantOf(ask.prompt, number)).with(number).toString()
      t.ok(body!.endsWith(`"messages":${prompt}}`), 'the upstream expects the same prompt')
      seen.add(body!.replaceAll(String(number), ''))
    }
    t.ok(seen.size >= 4, 'and another text than that of its neighbours')
  }
})

t.test('requests that were made before keep their numbers', async (t) => {
  const requestOf = requestsOf(jobOf({ prompt: 'small', stream: false, chunks: 1, delayMs: 0 }))
  const first = requestOf(FIRST_NUMBER + 7)
  requestOf(FIRST_NUMBER + 7 + 512)
  t.match(first.toString(), String(FIRST_NUMBER + 7))
})
