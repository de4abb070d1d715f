import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { gatewayFor } from '../support/rig.ts'
import type { Gateway } from '../support/gateway.ts'

/** An engine that answers each text with the same kind of vector, in the form it likes, whatever was asked for. */
async function engine(
  t: Test,
  form: 'base64' | 'float' | 'asked',
  dimensions: number,
): Promise<{ url: string; calls: () => number }> {
  let calls = 0
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => void answer(Buffer.concat(parts)))
    async function answer(bytes: Buffer): Promise<void> {
      if (request.method === 'GET') return void response.writeHead(404).end()
      calls++
      const { input, encoding_format: format } = JSON.parse(bytes.toString()) as {
        input: string[]
        encoding_format?: string
      }
      const base64 = form === 'asked' ? format === 'base64' : form === 'base64'
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"object":"list","model":"m","data":[')
      for (const [index] of input.entries()) {
        const vector = vectorOf(index, dimensions)
        const value = base64 ? `"${Buffer.from(vector.buffer).toString('base64')}"` : JSON.stringify(Array.from(vector))
        const more = response.write(
          `${index === 0 ? '' : ','}{"object":"embedding","index":${index},"embedding":${value}}`,
        )
        if (!more) await once(response, 'drain')
      }
      response.end('],"usage":{"prompt_tokens":9,"total_tokens":9}}')
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  t.teardown(() => server.closeAllConnections())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls }
}

const vectorOf = (index: number, dimensions: number): Float32Array =>
  Float32Array.from({ length: dimensions }, (_, at) => Math.sin(index * 31 + at))

async function rigOf(
  t: Test,
  form: 'base64' | 'float' | 'asked',
  dimensions: number,
  limits = {},
): Promise<{
  gateway: Gateway
  openai: OpenAI
  calls: () => number[]
}> {
  const engines = await Promise.all([engine(t, form, dimensions), engine(t, form, dimensions)])
  const gateway = await gatewayFor(t, {
    limits,
    backends: engines.map(({ url }, index) => ({ name: `e${index}`, kind: 'openai-compatible', url, models: ['m'] })),
  })
  const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
  return { gateway, openai, calls: () => engines.map(({ calls }) => calls()) }
}

const sum = (calls: readonly number[]): number => calls.reduce((all, one) => all + one, 0)

for (const form of ['asked', 'base64', 'float'] as const)
  t.test(
    `embeddings of every size, from an engine that answers ${form}, with every format that is asked for`,
    async (t) => {
      const { gateway, openai, calls } = await rigOf(t, form, 96, { buffer: '64KiB' })
      let asked = 0
      for (const texts of [1, 40, 150, 900])
        for (const format of [undefined, 'base64', 'float'] as const) {
          const input = Array.from({ length: texts }, (_, index) => `text ${index}`)
          const answer = await openai.embeddings.create({
            model: 'm',
            input,
            ...(format === undefined ? {} : { encoding_format: format }),
          })
          asked++
          t.equal(answer.data.length, texts)
          for (const index of [0, texts - 1]) {
            // The SDK's type knows only lists of numbers.
            const got: string | readonly number[] = answer.data[index]!.embedding
            const vector =
              typeof got === 'string'
                ? new Float32Array(new Uint8Array(Buffer.from(got, 'base64')).buffer)
                : Float32Array.from(got)
            t.equal(typeof got, format === 'base64' ? 'string' : 'object')
            t.strictSame(
              [...vector],
              [...vectorOf(index, 96)],
              `${texts} texts as ${format ?? 'the SDK likes'}: ${index}`,
            )
          }
          t.equal(answer.usage.prompt_tokens, 9)
        }
      t.equal(sum(calls()), asked, 'one call for each request')
      t.notMatch(
        JSON.stringify(await (await fetch(`${gateway.url}/health`)).json()),
        /"resting_ms":[1-9]/,
        'nobody is blamed',
      )
      t.equal(await gateway.metric('turnout_attempts_total', { outcome: 'ok' }), asked)
    },
  )

t.test(
  '1,100 embeddings of 3,072 dimensions through the official SDK, as it asks by default and for floats',
  { timeout: 90_000 },
  async (t) => {
    const input = Array.from({ length: 1_100 }, (_, index) => `text ${index}`)
    for (const form of ['asked', 'float'] as const) {
      const { openai, calls } = await rigOf(t, form, 3_072)
      for (const format of [undefined, 'float'] as const) {
        const answer = await openai.embeddings.create({
          model: 'm',
          input,
          ...(format === undefined ? {} : { encoding_format: format }),
        })
        t.equal(answer.data.length, 1_100)
        for (const index of [0, 500, 1_099])
          t.strictSame(
            Float32Array.from(answer.data[index]!.embedding),
            vectorOf(index, 3_072),
            `${form} ${format ?? 'default'} ${index}`,
          )
      }
      t.equal(sum(calls()), 2)
    }
  },
)
