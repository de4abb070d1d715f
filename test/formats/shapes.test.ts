import t from 'tap'
import { EMBEDDINGS, RERANK } from '../../src/core/endpoints.ts'
import type { GatewayRequest } from '../../src/core/types.ts'
import { readBody } from '../../src/formats/openai/body.ts'
import { finishBody } from '../../src/formats/openai/shapes.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import { gatewayRequest } from '../support/factories.ts'
import { seeded } from '../support/random.ts'
import { noSamples, sample } from '../support/samples.ts'

const finished = (request: GatewayRequest, body: Buffer): Buffer => finishBody(request, body, new OpenAIAnswerState())

const ask = (format?: string): GatewayRequest =>
  gatewayRequest(
    { model: 'm', input: 'x', ...(format === undefined ? {} : { encoding_format: format }) },
    { endpoint: EMBEDDINGS },
  )

/** As both official SDKs read it: little-endian floats of 32 bits. */
function floatsOf(text: string): number[] {
  const bytes = Buffer.from(text, 'base64')
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index))
}

interface Answer {
  readonly object: string
  readonly data: readonly { readonly embedding: string | number[]; readonly index: number; readonly extra?: string }[]
  readonly usage: object
}

const answer = (...vectors: (string | readonly number[])[]): Buffer =>
  Buffer.from(
    JSON.stringify({
      object: 'list',
      data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding, extra: 'kept' })),
      usage: { prompt_tokens: 3, total_tokens: 3 },
    }),
  )

const parsed = (body: Buffer): Answer => JSON.parse(body.toString()) as Answer

const random = seeded(11)
const VECTOR = Array.from({ length: 64 }, () => Math.fround(random() * 2 - 1))
const TEXT = Buffer.from(Float32Array.from(VECTOR).buffer).toString('base64')

t.test('floats become base64 where it was asked for', async (t) => {
  const got = parsed(finished(ask('base64'), answer(VECTOR, [1, -0.5, 0])))
  t.strictSame(floatsOf(got.data[0]?.embedding as string), VECTOR)
  t.strictSame(floatsOf(got.data[1]?.embedding as string), [1, -0.5, 0])
  t.match(got, { object: 'list', usage: { prompt_tokens: 3 }, data: [{ index: 0, extra: 'kept' }, { index: 1 }] })
})

t.test('base64 becomes floats where it was not', async (t) => {
  for (const format of [undefined, 'float']) {
    const got = parsed(finished(ask(format), answer(TEXT, TEXT)))
    t.strictSame(got.data[0]?.embedding, VECTOR)
    t.strictSame(got.data[1]?.embedding, VECTOR)
    t.match(got, { object: 'list', usage: { prompt_tokens: 3 } })
  }
})

t.test('what is right stays the same buffer', async (t) => {
  const floats = answer(VECTOR)
  const text = answer(TEXT)
  t.equal(finished(ask(), floats), floats)
  t.equal(finished(ask('float'), floats), floats)
  t.equal(finished(ask('base64'), text), text)
  const chat = Buffer.from('{"choices":[{"message":{"content":"\\"embedding\\": [1]"}}]}')
  t.equal(finished(gatewayRequest({ model: 'm', encoding_format: 'base64' }), chat), chat)
})

t.test('no data, and no embeddings at all', async (t) => {
  for (const text of ['{"object":"list","data":[]}', '{}']) {
    const body = Buffer.from(text)
    t.equal(finished(ask('base64'), body), body)
    t.equal(finished(ask(), body), body)
  }
})

t.test('recorded: base64 and floats of llama.cpp are the same vector', { skip: noSamples }, async (t) => {
  const text = sample('llamacpp/llamacpp-embeddings-base64').body
  const vector = parsed(finished(ask('float'), text)).data[0]?.embedding as number[]
  t.ok(vector.length > 8 && vector.every(Number.isFinite))
  const back = parsed(finished(ask('base64'), Buffer.from(JSON.stringify({ data: [{ embedding: vector }] }))))
  t.equal(back.data[0]?.embedding, parsed(text).data[0]?.embedding)
})

const rerank = gatewayRequest({ model: 'ranker', query: 'q', documents: ['a', 'b'] }, { endpoint: RERANK })
// As SGLang answers.
const BARE = Buffer.from('[{"score":0.9,"document":"b","index":1},{"score":0.1,"document":null,"index":0}]')

t.test('a bare rerank list gets the usual shape', async (t) => {
  t.strictSame(JSON.parse(finished(rerank, BARE).toString()), {
    model: 'ranker',
    results: [
      { index: 1, relevance_score: 0.9, document: { text: 'b' } },
      { index: 0, relevance_score: 0.1 },
    ],
  })
  const usual = Buffer.from('{"results":[{"index":0,"relevance_score":1}]}')
  t.equal(finished(rerank, usual), usual)
})

t.test('a bare rerank list is sorted, cut to what was asked for, and its tokens are told', async (t) => {
  const body = { model: 'ranker', query: 'q', documents: ['a', 'b', 'c'], top_n: 2 }
  const list = [0.1, 0.9, 0.5].map((score, index) => ({ score, index, meta_info: { prompt_tokens: 10 + index } }))
  const got = finished(gatewayRequest(body, { endpoint: RERANK }), Buffer.from(JSON.stringify(list)))
  t.strictSame(JSON.parse(got.toString()), {
    model: 'ranker',
    results: [
      { index: 1, relevance_score: 0.9 },
      { index: 2, relevance_score: 0.5 },
    ],
    usage: { prompt_tokens: 33, total_tokens: 33 },
  })
})

const ranked = (fields: object, list: readonly object[]): { results: { index: number }[]; usage?: object } =>
  JSON.parse(
    finished(
      gatewayRequest({ model: 'ranker', query: 'q', documents: [], ...fields }, { endpoint: RERANK }),
      Buffer.from(`\n ${JSON.stringify(list)}`),
    ).toString(),
  ) as { results: { index: number }[]; usage?: object }

t.test('how many of a bare rerank list', async (t) => {
  const list = [0.1, 0.9, 0.5].map((score, index) => ({ score, index }))
  for (const [topN, expected] of [
    [1, [1]],
    [2, [1, 2]],
    [7, [1, 2, 0]],
    [0, [1, 2, 0]],
    [null, [1, 2, 0]],
  ] as const) {
    const { results } = ranked({ top_n: topN }, list)
    t.strictSame(
      results.map(({ index }) => index),
      expected,
      `top_n: ${topN}`,
    )
  }
})

t.test('tokens of a bare rerank list are told in full or not at all', async (t) => {
  const told = { score: 1, index: 0, meta_info: { prompt_tokens: 9 } }
  t.strictSame(ranked({}, [told, { ...told, index: 1 }]).usage, { prompt_tokens: 18, total_tokens: 18 })
  for (const other of [
    { score: 0, index: 1 },
    { score: 0, index: 1, meta_info: { prompt_tokens: '9' } },
  ])
    t.notOk('usage' in ranked({}, [told, other]))
  t.strictSame(ranked({}, []), { model: 'ranker', results: [] })
})

t.test('a bare rerank list gets past the reader of answers', async (t) => {
  const track = new OpenAIAnswerState()
  t.equal(readBody(BARE, track), null)
  t.equal(track.content, true)
})
