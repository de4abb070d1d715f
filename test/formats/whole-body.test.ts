import t from 'tap'
import type { JsonObject } from '../../src/core/json.ts'
import { readObject } from '../../src/formats/json/read-object.ts'
import { wholeBody } from '../../src/formats/json/whole-body.ts'
import { writtenObject } from '../../src/formats/json/written-object.ts'

const BODIES: readonly string[] = [
  '{}',
  '{"model":"a","messages":[{"role":"user","content":"plain"}],"n":1.50}',
  '{"model":"a","system":"größe 水 🚂","tools":[{"name":"plain"}]}',
  '{"model":"a","größe":1,"after":{"水":"plain"}}',
  '{"model":"a","said":"gr\\u00f6\\u00dfe \\ud83d\\ude82 \\u001b[0m \\\\u00e9"}',
  '{"model":"a","said":"größe and gr\\u00f6\\u00dfe","args":"{\\"a\\":\\"\\\\u00e9\\"}"}',
  '{"__proto__":{"a":"é"},"constructor":"é","model":"a"}',
  '{"a":null,"b":false,"c":[],"d":{},"e":"","f":-0.5e3,"g":["é",null,[{}]]}',
  ' {\n"model" : "a" ,\t"x" : [ 1 , "é" ] }\r\n',
  `{"model":"a","said":"${'long '.repeat(20_000)}","also":"é"}`,
]

t.test(
  'a body for another format is what the parser makes of its bytes, whatever was cut or not decoded before',
  async (t) => {
    for (const text of BODIES) {
      const object = readObject(Buffer.from(text))
      t.strictSame(wholeBody(object), JSON.parse(text), text.slice(0, 80))
    }
    const plain = readObject(Buffer.from(BODIES[1]!))
    t.equal(wholeBody(plain), plain.body, 'what is ASCII is not parsed again')
  },
)

t.test('a body that is written is known as if it had been read', async (t) => {
  for (const text of BODIES) {
    const body = JSON.parse(text) as JsonObject
    const { raw, members } = writtenObject(body)
    t.equal(raw.toString(), JSON.stringify(body), text.slice(0, 80))
    t.strictSame(members, readObject(raw).members)
  }
})
