import t from 'tap'
import { CHAT, EMBEDDINGS } from '../../src/core/endpoints.ts'
import { parseBody } from '../../src/formats/openai/request.ts'
import { MOST_GROUPS, MOST_MEMBERS, MOST_NAMES, MOST_VALUES } from '../../src/formats/json/body-size.ts'

const list = (count: number, one: (index: number) => string): string => Array.from({ length: count }, (_, index) => one(index)).join(',') // prettier-ignore
const name = (index: number): string => `"k${index}":0`
const chat = (messages: string, more = ''): string => `{"model":"m","messages":${messages}${more}}`

const AT_THE_LIMIT: readonly (readonly [what: string, limit: number, make: (count: number) => string])[] = [
  ['members', MOST_MEMBERS, (count) => chat('[]', `,${list(count - 2, name)}`)],
  ['members in all its objects', MOST_NAMES, (count) => chat('[]', `,"a":{${list(count, name)}}`)],
  ['members in all its objects', MOST_NAMES, (count) => chat(`[${list(count / 2, () => '{"a":1,"b":2}')}]`)],
  ['objects and arrays', MOST_GROUPS, (count) => chat(`[${list(count - 1, () => '{}')}]`)],
  ['objects and arrays', MOST_GROUPS, (count) => chat('['.repeat(count) + ']'.repeat(count))],
  ['values', MOST_VALUES, (count) => chat(`[${list(count + 1, () => '""')}]`)],
]

for (const [what, limit, make] of AT_THE_LIMIT)
  t.test(`${limit} ${what} and no more: ${make(8).slice(0, 60)}`, async (t) => {
    t.equal(parseBody(Buffer.from(make(limit)), CHAT).model, 'm')
    t.throws(() => parseBody(Buffer.from(make(limit + 2)), CHAT), {
      code: 'invalid_request',
      message: `The body has more than ${limit} ${what}.`,
    })
  })

t.test('a flood is refused before it is parsed or read to its end', async (t) => {
  const count = 1_500_000
  for (const json of [
    chat('[]', `,${list(count, name)}`),
    chat('[]', `,"a":{${list(count, name)}}`),
    chat(`[${'{},'.repeat(count)}{}]`),
    chat('['.repeat(count) + ']'.repeat(count)),
    chat('[' + '"",'.repeat(count)),
    '['.repeat(count),
    `[${'{},'.repeat(count)}{}]`,
  ]) {
    const raw = Buffer.from(json)
    const before = process.cpuUsage()
    t.throws(() => parseBody(raw, CHAT))
    const { user, system } = process.cpuUsage(before)
    t.ok(user + system < 200_000, `${json.slice(0, 40)} took ${user + system} µs`)
  }
})

t.test('what people send is far below: pictures, long talks, batches of token numbers', async (t) => {
  const picture = { type: 'image_url', image_url: { url: `data:${'A'.repeat(8e6)}` } }
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":[1,2,{}]}'.repeat(50) } }
  const messages = [
    { role: 'user', content: [picture] },
    ...Array.from({ length: 5_000 }, () => ({ role: 'assistant', tool_calls: [call] })),
  ]
  t.equal(parseBody(Buffer.from(JSON.stringify({ model: 'm', messages })), CHAT).model, 'm')
  const input = Array.from({ length: 300 }, () => Array.from({ length: 1000 }, (_, token) => token * 100))
  t.equal(parseBody(Buffer.from(JSON.stringify({ model: 'm', input })), EMBEDDINGS).model, 'm')
})
