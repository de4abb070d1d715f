import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { members, memberValue } from '../../src/formats/json/members.ts'
import { append, splice } from '../../src/formats/json/splice.ts'
import { pick, seeded } from '../support/random.ts'

type Random = () => number

const SPACES = ['', '', '', ' ', '\n  ', '\t', '\r\n']
const NUMBERS = ['0', '-1', '1.5e300', '12345678901234567890', '0.1000', '-0', '1E-7', '3.141592653589793238462643383']
const TEXTS = [
  '""',
  '"a"',
  '"\\""',
  '"\\\\"',
  '"\\\\\\""',
  '"}{][,:"',
  '"\\u0041\\n"',
  '"é 漢 🚂"',
  '"\\ud83d\\ude80"',
  '"  "',
]
const KEYS = [
  '"a"',
  '"b"',
  '"model"',
  '"mod\\u0065l"',
  '"é"',
  '"\\""',
  '"a\\\\"',
  '""',
  '"__proto__"',
  '"x y"',
  '"{"',
  '"stream"',
]

/** Any JSON text, with white space wherever it may be. */
function jsonText(random: Random, depth: number): string {
  const kind = random()
  if (depth > 3 || kind < 0.25) return pick(random, TEXTS)
  if (kind < 0.5) return pick(random, NUMBERS)
  if (kind < 0.6) return pick(random, ['true', 'false', 'null'])
  if (kind < 0.8) return objectText(random, depth + 1)
  const entries = Array.from({ length: Math.floor(random() * 4) }, () => jsonText(random, depth + 1))
  return `[${pick(random, SPACES)}${entries.join(pick(random, SPACES) + ',')}${pick(random, SPACES)}]`
}

function objectText(random: Random, depth = 0, parts: [string, string][] = []): string {
  const count = Math.floor(random() * 5)
  const space = (): string => pick(random, SPACES)
  for (let i = 0; i < count; i++) parts.push([pick(random, KEYS), jsonText(random, depth)])
  const inner = parts.map(([key, value]) => `${space()}${key}${space()}:${space()}${value}${space()}`)
  return `${space()}{${inner.length === 0 ? space() : inner.join(',')}}${space()}`
}

t.test('agrees with JSON.parse on random objects', async (t) => {
  const random = seeded(1)
  for (let round = 0; round < 4000; round++) {
    const parts: [string, string][] = []
    const text = objectText(random, 0, parts)
    const json = Buffer.from(text)
    const list = members(json)
    const told = list?.map(({ key, valueStart, valueEnd }) => [key, json.toString('utf8', valueStart, valueEnd)])
    const wanted = parts.map(([key, value]) => [JSON.parse(key) as string, value.trim()])
    if (JSON.stringify(told) !== JSON.stringify(wanted)) return t.fail(`${text}: ${JSON.stringify(told)}`)
    const value = JSON.parse(text) as Record<string, unknown>
    for (const key of Object.keys(value))
      if (JSON.stringify(memberValue(json, list!, key)) !== JSON.stringify(value[key]))
        return t.fail(`${key} of ${text}`)
    if (memberValue(json, list!, 'absent') !== undefined) return t.fail('a value that is not there')
  }
})

t.test('splice changes what it is told to and no other byte of a member', async (t) => {
  const random = seeded(2)
  for (let round = 0; round < 4000; round++) {
    const json = Buffer.from(objectText(random))
    const list = members(json)!
    const before = JSON.parse(json.toString()) as Record<string, unknown>
    const names = ['a', 'model', 'é', 'new', '"', 'stream']
    const set = new Map(names.filter(() => random() < 0.3).map((name) => [name, jsonText(random, 3)]))
    const remove = new Set(['b', 'a', '', '{', 'a\\'].filter((name) => random() < 0.3 && !set.has(name)))
    const result = splice(json, list, { set, remove })
    const wanted = new Map(Object.entries(before))
    for (const name of remove) wanted.delete(name)
    for (const [name, value] of set) wanted.set(name, JSON.parse(value))
    const got = new Map(Object.entries(JSON.parse(result.toString()) as Record<string, unknown>))
    if (!isDeepStrictEqual(got, wanted)) return t.fail(`${json.toString()} became ${result.toString()}`)
    const after = members(result)!
    if (new Set(after.map(({ key }) => key)).size !== after.length) return t.fail(`a key twice: ${result.toString()}`)
    for (const { key, start, valueEnd } of after) {
      if (set.has(key)) continue
      const old = list.findLast((member) => member.key === key)!
      const [is, was] = [result.subarray(start, valueEnd), json.subarray(old.start, old.valueEnd)]
      if (!is.equals(was)) return t.fail(`${was.toString()} became ${is.toString()}`)
    }
    const order = after.map(({ key }) => key).filter((key) => key in before)
    const old = list.filter((member, index) => list.findLastIndex(({ key }) => key === member.key) === index)
    const kept = old.map(({ key }) => key).filter((key) => !remove.has(key))
    if (!isDeepStrictEqual(order, kept)) return t.fail(`another order: ${json.toString()} became ${result.toString()}`)
  }
})

t.test('no edits leave a compact object as it is', async (t) => {
  for (const text of ['{}', '{"a":1}', '{"a": 1.0,"b":[1, 2],"c":"\\u0041"}', '{"n":12345678901234567890}']) {
    const json = Buffer.from(text)
    t.equal(splice(json, members(json)!, { set: new Map(), remove: new Set() }).toString(), text)
  }
})

t.test('a removed and an added member', async (t) => {
  const json = Buffer.from('{"a":1,"b":2}')
  const edit = (set: [string, string][], remove: string[]): string =>
    splice(json, members(json)!, { set: new Map(set), remove: new Set(remove) }).toString()
  t.equal(edit([], ['a']), '{"b":2}')
  t.equal(edit([], ['b']), '{"a":1}')
  t.equal(edit([], ['a', 'b']), '{}')
  t.equal(edit([['c', '3']], ['a', 'b']), '{"c":3}')
  t.equal(edit([['a', '"x"']], []), '{"a":"x","b":2}')
  t.equal(edit([['c"', 'null']], []), '{"a":1,"b":2,"c\\"":null}')
})

t.test('of a key that comes twice the last one counts, however it is written', async (t) => {
  const json = Buffer.from('{"model":"one","x":1,"mod\\u0065l":"two"}')
  const list = members(json)!
  t.equal(memberValue(json, list, 'model'), 'two')
  const spliced = splice(json, list, { set: new Map(), remove: new Set() })
  t.equal(spliced.toString(), '{"x":1,"mod\\u0065l":"two"}')
  t.equal(splice(json, list, { set: new Map([['model', '3']]), remove: new Set() }).toString(), '{"x":1,"model":3}')
})

t.test('what is cut off is no object', async (t) => {
  const random = seeded(3)
  for (let round = 0; round < 300; round++) {
    const whole = Buffer.from(objectText(random).trim())
    for (let end = 0; end < whole.length; end++) {
      if (members(whole.subarray(0, end)) !== null) return t.fail(`the first ${end} bytes of ${whole.toString()}`)
    }
  }
})

t.test('what is no object is none', async (t) => {
  const none = [
    '',
    ' ',
    '[]',
    '1',
    '"a"',
    'null',
    '{"a"}',
    '{"a":}',
    '{a:1}',
    '{"a":1,}',
    '{,}',
    '{"a":1 "b":2}',
    '{"a":1}}',
  ]
  const more = ['{"a":1}x', '{"a":"x"y}', "{'a':1}", '{"a":[1}', '{"\\x":1}', '{"a":1]', '{"a":,"b":1}', '{{}}']
  for (const text of [...none, ...more]) t.equal(members(Buffer.from(text)), null, text)
})

t.test('never throws, and never misses an object', async (t) => {
  const random = seeded(4)
  const bytes = Buffer.from('{}[]",:\\ \n\tab1tnu\u00e9-.')
  const wrong = (text: Buffer): string | null => {
    let value: unknown
    try {
      value = JSON.parse(text.toString())
    } catch {
      members(text)
      return null
    }
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    const list = members(text)
    if (isObject !== (list !== null)) return 'seen as another thing'
    const keys = new Set(list?.map(({ key }) => key))
    return isObject && JSON.stringify([...keys].sort()) !== JSON.stringify(Object.keys(value as object).sort())
      ? 'with other keys'
      : null
  }
  for (let round = 0; round < 20_000; round++) {
    const garbage = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 20) }, () => pick(random, [...bytes])))
    const mutated = Buffer.from(objectText(random))
    mutated[Math.floor(random() * mutated.length)] = pick(random, [...bytes])
    for (const text of [garbage, mutated]) {
      const why = wrong(text)
      if (why !== null) return t.fail(`${JSON.stringify(text.toString())} is ${why}`)
    }
  }
})

t.test('a string ends at its first quote that is not escaped', async (t) => {
  const random = seeded(5)
  const parts = ['a', '\\\\', '\\"', '\\n', '\\u00e9', 'bcd', '\\/', 'xyzzzzz']
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: Math.floor(random() * 12) }, () => pick(random, parts)).join('')
    const list = members(Buffer.from(`{"a":"${text}","b":"\\""}`))
    if (list?.[0]?.valueEnd !== text.length + 7) return t.fail(text)
    if (members(Buffer.from(`{"a":"${text}`)) !== null) return t.fail(`${text} without an end`)
  }
})

t.test('works on a part of a larger buffer', async (t) => {
  const outer = Buffer.from('xx{"a":"é","b":2}yy')
  const json = outer.subarray(2, outer.length - 2)
  t.strictSame(
    members(json)?.map(({ key }) => key),
    ['a', 'b'],
  )
  t.equal(memberValue(json, members(json)!, 'a'), 'é')
})

t.test('backslashes and brackets by the hundred thousand take linear time', async (t) => {
  const time = (text: string): number => {
    const json = Buffer.from(text)
    const before = process.cpuUsage()
    t.equal(members(json)?.length, 1)
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  const makers: Readonly<Record<string, (n: number) => string>> = {
    backslashes: (n) => `{"a":"${'\\\\'.repeat(n)}"}`,
    'escaped quotes': (n) => `{"a":"${'\\"'.repeat(n)}"}`,
    brackets: (n) => `{"a":${'['.repeat(n)}${']'.repeat(n)}}`,
    'short strings': (n) => `{"a":[${Array.from({ length: n }, () => '""').join(',')}]}`,
  }
  for (const [name, make] of Object.entries(makers)) {
    time(make(50_000))
    const small = Math.min(time(make(50_000)), time(make(50_000)))
    const large = time(make(400_000))
    t.ok(large < 24 * Math.max(small, 1000), `${name}: ${small} µs, then ${large} µs for eight times as many`)
  }
})

t.test('a member is added at the end, and no other byte changes', async (t) => {
  const added = (text: string, key = 'z', value = '[1]'): string => {
    const json = Buffer.from(text)
    return append(json, members(json)!, key, value).toString()
  }
  t.equal(added('{}'), '{"z":[1]}')
  t.equal(added(' { } '), ' {"z":[1] } ')
  t.equal(added('{ "a" : 1.0 , "b":{"z":2} \n}\n'), '{ "a" : 1.0 , "b":{"z":2},"z":[1] \n}\n')
  t.equal(added('{"z":0,"a":1}'), '{"z":[1],"a":1}', 'one that is there is replaced')
  t.equal(added('{"\\u007a":0}'), '{"z":[1]}', 'also where it is written with escapes')
  t.equal(added('{"a":1}', 'q"'), '{"a":1,"q\\"":[1]}')
})
