import t from 'tap'
import { CHAT, EMBEDDINGS, type Endpoint } from '../../src/core/endpoints.ts'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { openAIPrompt } from '../../src/formats/openai/prompt.ts'
import { atOnce } from '../../src/core/slices.ts'
import { EmbeddingRecoder, recode, recoderOf } from '../../src/formats/openai/recode.ts'
import { finishBody } from '../../src/formats/openai/shapes.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { gatewayRequest } from '../support/factories.ts'
import { pick, seeded } from '../support/random.ts'

const base64 = (vector: readonly number[]): string => Buffer.from(Float32Array.from(vector).buffer).toString('base64')

const body = (embedding: string, rest = '"index":0'): string =>
  `{"object":"list","data":[{"object":"embedding","embedding":${embedding},${rest}}],"usage":{"prompt_tokens":1}}`

/** In pieces of these sizes, over and over. */
function inPieces(text: string, to: 'base64' | 'float', sizes: readonly number[]): string {
  const recoder = new EmbeddingRecoder(to)
  const bytes = Buffer.from(text)
  const out: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    recoder.push(bytes.subarray(at, at + size), out)
    at += size
  }
  recoder.end(out)
  return Buffer.concat(out).toString()
}

const whole = (text: string, to: 'base64' | 'float'): Buffer =>
  atOnce(recode(Buffer.from(text), new EmbeddingRecoder(to)))

/** No vectors of finite numbers of 32 bits. */
const NO_VECTORS = [
  '[null,null,null]',
  '[0.5,null]',
  '[[0.1,0.2],[0.3,0.4]]',
  '[[]]',
  '["0.5"]',
  '[true]',
  '[{"a":1}]',
  '[1e400]',
  '[1e39]',
  '[-1e39,0]',
  '[0.5,]',
  '[0.5',
  '[NaN]',
  '[Infinity]',
  '[01]',
  '"short"',
  '"AAAA"',
  '""',
  '"not base64 at all"',
  '"AACAfw=="',
  '"AADAfw=="',
  '"AA\\"A"',
  '"A\\u0041AA"',
  'null',
  '{"float":[0.5]}',
  '3',
]

t.test('what is no vector of finite numbers passes as it came, in both directions, split anywhere', async (t) => {
  for (const embedding of NO_VECTORS)
    for (const to of ['base64', 'float'] as const) {
      const text = body(embedding)
      t.equal(whole(text, to).toString(), text, `${embedding} to ${to}`)
      for (let size = 1; size < 9; size++) t.equal(inPieces(text, to, [size]), text, `${embedding} to ${to} by ${size}`)
    }
})

t.test('the files of the issue: null and nested vectors', async (t) => {
  for (const embedding of ['[null,null,null]', '[[0.1,0.2],[0.3,0.4]]'])
    for (const format of ['base64', 'float', undefined]) {
      const request = gatewayRequest(
        { model: 'm', input: 'x', ...(format === undefined ? {} : { encoding_format: format }) },
        { endpoint: EMBEDDINGS },
      )
      const answer = Buffer.from(body(embedding))
      t.equal(finishBody(request, answer, new OpenAIAnswerState()), answer)
    }
})

t.test('a vector beside others that are none is recoded, and they pass', async (t) => {
  const text = `{"data":[{"embedding":[null]},{"embedding" : [0.5, -1]},{"embedding":[[1]]},{"embedding":\n[ 2 ]}]}`
  t.equal(
    whole(text, 'base64').toString(),
    `{"data":[{"embedding":[null]},{"embedding" : "${base64([0.5, -1])}"},{"embedding":[[1]]},{"embedding":\n"${base64([2])}"}]}`,
  )
})

t.test('texts that look like vectors are none', async (t) => {
  for (const text of [
    '{"text":"\\"embedding\\": [1]","data":[]}',
    '{"object":"embedding","x":[1]}',
    '{"my embedding":[1],"embeddings":[1]}',
    `{"embedding"${' '.repeat(100)}:[1]}`,
    '{"embedding"',
    '{"embedding":',
    '"embedding"',
  ])
    for (const to of ['base64', 'float'] as const)
      for (const size of [1, 2, 3, 7, 1000]) t.equal(inPieces(text, to, [size]), text, text)
})

t.test('there and back, cut at every byte: the same vectors, and all around them byte for byte', async (t) => {
  const vector = [0.5, -1, 3.25e-5, 1e30, 0, -0.125].map(Math.fround)
  const floats = body(JSON.stringify(vector), '"index":0,"ü":"\\u00fc"')
  const text = body(`"${base64(vector)}"`, '"index":0,"ü":"\\u00fc"')
  const escaped = text.replaceAll('/', '\\/')
  for (let cut = 1; cut < floats.length; cut++) {
    if (inPieces(floats, 'base64', [cut, 100_000]) !== text) t.fail(`floats cut at ${cut}`)
    for (const one of [text, escaped]) {
      const back = inPieces(one, 'float', [cut, 100_000])
      if (cut === 1) t.strictSame(JSON.parse(back), JSON.parse(floats))
      t.ok(back === inPieces(one, 'float', [100_000]), `cut at ${cut}`)
    }
  }
  t.equal(inPieces(floats, 'float', [7]), floats)
  t.equal(inPieces(text, 'base64', [7]), text)
})

t.test('random answers in random pieces', async (t) => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seeded(seed)
    const vectors = Array.from({ length: 1 + Math.floor(random() * 5) }, () =>
      Array.from({ length: 1 + Math.floor(random() * 40) }, () =>
        Math.fround((random() - 0.5) * 10 ** Math.floor(random() * 20 - 10)),
      ),
    )
    const values = vectors.map((vector) =>
      random() < 0.2
        ? pick(
            random,
            NO_VECTORS.filter((one) => one !== '[0.5'),
          )
        : JSON.stringify(vector),
    )
    const text = `{"data":[${values.map((value) => `{"embedding":${value}}`).join(',')}]}`
    const sizes = Array.from({ length: 10 }, () => 1 + Math.floor(random() * 90))
    const expected = values.map((value, index) =>
      value === JSON.stringify(vectors[index]) ? `"${base64(vectors[index]!)}"` : value,
    )
    const there = inPieces(text, 'base64', sizes)
    t.equal(there, `{"data":[${expected.map((value) => `{"embedding":${value}}`).join(',')}]}`, `seed ${seed}`)
    t.equal(there, whole(text, 'base64').toString())
  }
})

t.test('a vector without an end is passed on, and not held without a bound', async (t) => {
  const recoder = new EmbeddingRecoder('base64')
  const out: Buffer[] = []
  const piece = Buffer.from('0.123456789,'.repeat(10_000))
  recoder.push(Buffer.from('{"embedding":['), out)
  for (let i = 0; i < 100; i++) recoder.push(piece, out)
  recoder.end(out)
  t.equal(Buffer.concat(out).length, 14 + 100 * piece.length)
})

const recoderFor = (body: JsonObject, endpoint: Endpoint): EmbeddingRecoder | null =>
  recoderOf(openAIPrompt(gatewayRequest(body, { endpoint })))

t.test('only formats that are known are recoded', async (t) => {
  const ask = (format: Json | undefined): boolean =>
    recoderFor({ model: 'm', input: 'x', encoding_format: format }, EMBEDDINGS) !== null
  for (const format of ['base64', 'float', undefined, null]) t.ok(ask(format), String(format))
  for (const format of ['int8', 'ubinary', 'bytes', 7, ['float']]) t.notOk(ask(format), String(format))
  t.equal(recoderFor({ model: 'm', encoding_format: 'base64' }, CHAT), null)
})
