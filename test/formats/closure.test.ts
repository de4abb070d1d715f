import t from 'tap'
import { Closure } from '../../src/formats/json/closure.ts'
import { pick, seeded } from '../support/random.ts'

function closed(...pieces: readonly (string | Buffer)[]): boolean {
  const closure = new Closure()
  for (const piece of pieces) closure.push(Buffer.from(piece))
  return closure.closed
}

const TEXTS = [
  '{}',
  '[]',
  ' {"a":[1,{"b":"}"}],"c":"]"} \n',
  '{"quote":"\\"}","slash":"\\\\","both":"\\\\\\"]"}',
  '[["\\\\\\\\","{[",""],{"größe":"\\u007d\\""}]',
  '{"choices":[{"index":0,"message":{"content":"a \\"b\\" {c} [d]"},"finish_reason":"stop"}],"usage":{"total_tokens":3}}',
]

t.test('a whole text is closed, one that is cut anywhere is not', async (t) => {
  for (const text of TEXTS) {
    const bytes = Buffer.from(text)
    const end = bytes.lastIndexOf(text.trimEnd().at(-1)!) + 1
    for (let cut = 0; cut <= bytes.length; cut++)
      t.equal(closed(bytes.subarray(0, cut)), cut >= end, `${text} cut at ${cut}`)
  }
})

t.test('the pieces do not matter', async (t) => {
  for (const text of TEXTS) {
    const bytes = Buffer.from(text)
    t.equal(closed(...Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))), true, text)
    for (let cut = 0; cut <= bytes.length; cut++) t.equal(closed(bytes.subarray(0, cut), bytes.subarray(cut)), true)
  }
})

t.test('any value, in any pieces, cut anywhere', async (t) => {
  const random = seeded(Number(process.env['SEED'] ?? 3))
  const value = (depth: number): unknown => {
    const kind = random()
    if (depth > 3 || kind < 0.4) return pick(random, [1, null, true, '', '"', '\\', '\\"', '{[', ']}', 'é\n', '\\\\"'])
    const list = Array.from({ length: Math.floor(random() * 4) }, () => value(depth + 1))
    return kind < 0.7 ? list : Object.fromEntries(list.map((one, at) => [`k${at}"\\`, one]))
  }
  for (let round = 0; round < 500; round++) {
    const bytes = Buffer.from(JSON.stringify([value(0)]))
    const closure = new Closure()
    const stop = random() < 0.5 ? bytes.length : Math.floor(random() * bytes.length)
    for (let at = 0; at < stop;) {
      const next = Math.min(stop, at + 1 + Math.floor(random() * 5))
      closure.push(bytes.subarray(at, next))
      at = next
    }
    if (closure.closed !== (stop === bytes.length)) t.fail(`${bytes.toString()} at ${stop}`)
  }
  t.pass('all of them')
})

t.test('what is no object and no list has no end', async (t) => {
  for (const text of ['', '  ', 'null', '"{}"', 'true', '12']) t.equal(closed(text), false, text)
})
