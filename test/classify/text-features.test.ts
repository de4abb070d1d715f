import t from 'tap'
import { featureReader, topicKnown } from '../../src/decision/classify/text-features.ts'
import { CHAT } from '../../src/core/endpoints.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { TaskClass } from '../../src/core/capabilities.ts'
import type { TextFeatures } from '../../src/core/arm.ts'
import { parseBody } from '../../src/formats/openai/request.ts'
import { classify, gatewayRequest, WEIGHTS } from '../support/factories.ts'
import { pick, seeded } from '../support/random.ts'
import { MOST_IDS, readWords } from '../../src/decision/classify/words.ts'

const bytes = (text: string): string => Buffer.from(text).toString('latin1')
const { read } = featureReader(WEIGHTS)
const features = (text: string): TextFeatures => read(bytes(text), Buffer.byteLength(text))

const TEXTS: readonly string[] = [
  'Write a Rust function that checks whether a string is a palindrome, with unit tests.',
  'A train covers 180 km in 2.5 hours. What is its average speed?',
  'Übersetze den folgenden Satz ins Englische: Der Schlüssel liegt unter der Matte.',
  'Hi, how are you today?',
  'Who painted the ceiling of the Sistine Chapel?',
  '请用三句话介绍一下长江的地理情况。',
]

t.test('the same text makes the same features, whatever was read between', async (t) => {
  const before = TEXTS.map(features)
  for (const text of [...TEXTS].reverse()) features(text)
  for (const [index, text] of TEXTS.entries()) t.strictSame(features(text), before[index])
})

t.test('shares sum to 1, topics are distinct, figures are figures', async (t) => {
  const odd = ['', ' ', '\u0000', '🙂', '9'.repeat(3000), '\n\n', 'ÿÿÿÿ', '{'.repeat(1500)]
  for (const text of [...TEXTS, ...odd]) {
    const { topics, shares, vector, difficulty, demand } = features(text)
    t.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9)
    t.equal(new Set(topics).size, topics.length)
    t.ok(topics.every((topic) => topic >= 0 && topic < WEIGHTS.trained))
    t.ok(vector.every(Number.isFinite))
    t.ok(difficulty >= 0 && difficulty <= 1)
    t.ok(Number.isFinite(demand))
  }
})

t.test('what is hard is taken to be harder', async (t) => {
  const mean = (texts: readonly string[]): number =>
    texts.reduce((sum, text) => sum + features(text).difficulty, 0) / texts.length
  const easy = mean(['Hi there!', 'Say hello.', 'What colour is the sky?', 'Is water wet?', 'Name a fruit.'])
  const hard = mean([
    'Prove that every finite integral domain is a field, and give a counterexample for infinite ones.',
    'Find all real solutions of x^5 - 5x^3 + 4x = 0 and show that there are no others.',
    'Let f be a continuous function on [0,1] with f(0) = f(1). Show that there is a chord of length 1/n for every n.',
  ])
  t.ok(hard > easy + 0.05, `${hard} against ${easy}`)
})

const classOf = (body: JsonObject): TaskClass => classify(gatewayRequest({ model: 'auto', ...body })).class

t.test('the form of a request tells more than its text', async (t) => {
  const text = 'What is 3 + 4?'
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
  t.equal(classOf({ messages: [{ role: 'user', content: [{ type: 'text', text }, image] }] }), 'vision')
  const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }
  const agent = [
    { role: 'user', content: text },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'c1', content: '7' },
  ]
  t.equal(classOf({ messages: agent }), 'agent')
  t.equal(classOf({ messages: agent.slice(0, 2) }), 'agent')
  t.not(classOf({ messages: agent.slice(0, 1) }), 'agent')
  const one = topicKnown(features(text), 'vision', WEIGHTS)
  t.strictSame([...one.shares], [1])
  t.equal(WEIGHTS.topics[one.topics[0]!], 'vision')
})

/** Milliseconds of many looks at a request of about so many bytes. */
function time(size: number): () => number {
  const content = 'The river runs past the mill, and 12 boats lie there. '.repeat(Math.ceil(size / 54))
  const raw = Buffer.from(JSON.stringify({ model: 'auto', messages: [{ role: 'user', content }] }))
  const { prompt } = parseBody(raw, CHAT)
  const request = { ...gatewayRequest({ model: 'auto', messages: [] }), raw, prompt }
  return () => {
    const start = performance.now()
    for (let i = 0; i < 300; i++) classify(request)
    return performance.now() - start
  }
}

t.test('a request of ten megabytes is judged as fast as one of ten kilobytes', async (t) => {
  const [small, large] = [time(1e4), time(1e7)]
  const best = (run: () => number): number => Math.min(...[1, 2, 3, 4].map(run))
  const ratio = best(large) / best(small)
  t.ok(ratio < 5, `${ratio} times as long`)
})

// ---------------------------------------------------------------- against the plain arithmetic

/** The same in plain loops of 64 bits. */
function plainly(text: string): { readonly vector: number[]; readonly scores: number[] } {
  const { dims, vectors, norms, scales, heads, trained, difficulty, demand } = WEIGHTS
  const ids = new Int32Array(MOST_IDS)
  const { count, surface } = readWords(bytes(text), Buffer.byteLength(text), ids)
  const found = [...ids.subarray(0, count)]
  const scale = 5 / Math.sqrt(found.reduce((sum, id) => sum + norms[id]!, 1e-9))
  const sum = (d: number): number => found.reduce((total, id) => total + vectors[id * dims + d]!, 0)
  const vector = [...Array.from({ length: dims }, (_, d) => sum(d) * scale * scales[d]!), ...surface]
  const row = vector.length + 1
  const all = Array.from({ length: trained }, (_, topic) => heads.subarray(topic * row, (topic + 1) * row))
  const scoreOf = (head: Float32Array): number =>
    vector.reduce((total, value, f) => total + value * head[f]!, head[vector.length]!)
  return { vector, scores: [...all, difficulty, demand].map(scoreOf) }
}

const SCRIPTS: readonly string[] = [
  'the quick Brown fox, and which of them?',
  'Der Schlüssel liegt für die Nachbarn unter der Matte',
  'Сколько времени идёт поезд',
  '请用三句话介绍一下长江的地理情况',
  'この文章をもう少し丁寧な言い方に直して',
  '이 문장을 조금 더 공손하게',
  'ما هي عاصمة أستراليا',
  'def f(x):\n\treturn {x: 2 ** 10}  # ok',
  '🙂 12,345.67 ---- \u0000 \\n ÿ',
  'หนึ่งสองสาม हिन्दी में',
]

t.test('texts of many scripts have the features that plain arithmetic gives them', async (t) => {
  const next = seeded(11)
  for (let round = 0; round < 300; round++) {
    const parts = Array.from({ length: 1 + Math.floor(next() ** 3 * 60) }, () => {
      const one = pick(next, SCRIPTS)
      return one.slice(Math.floor(next() * one.length))
    })
    const text = parts.join(next() < 0.8 ? ' ' : '')
    const { vector, scores } = plainly(text)
    const own = features(text)
    const worst = Math.max(...vector.map((value, f) => Math.abs(value - own.vector[f]!)))
    t.ok(worst < 1e-5, `${worst} in ${JSON.stringify(text.slice(0, 40))}`)
    const best = scores.slice(0, WEIGHTS.trained).sort((a, b) => b - a)
    for (const [place, topic] of own.topics.entries()) t.ok(Math.abs(scores[topic]! - best[place]!) < 1e-5)
    t.ok(Math.abs(own.demand - scores.at(-1)!) < 1e-5)
    t.ok(Math.abs(own.difficulty - Math.min(1, Math.max(0, scores.at(-2)!))) < 1e-5)
  }
})
