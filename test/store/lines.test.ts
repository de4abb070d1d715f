import t from 'tap'
import { linesOf } from '../../src/store/lines.ts'
import { pick, seeded } from '../support/random.ts'

async function* pieces(...parts: readonly (string | Buffer)[]): AsyncGenerator<string | Buffer> {
  for (const part of parts) yield await Promise.resolve(part)
}

async function all(...parts: readonly (string | Buffer)[]): Promise<string[]> {
  const lines: string[] = []
  for await (const { text, number, ended } of linesOf(pieces(...parts))) {
    lines.push(`${text}${ended ? '$' : ''}`)
    t.equal(number, lines.length)
  }
  return lines
}

t.test('lines, also empty ones, and a last one without an end', async (t) => {
  t.strictSame(await all(), [])
  t.strictSame(await all('a\n\nb'), ['a$', '$', 'b'])
  t.strictSame(await all('a\n'), ['a$'])
})

t.test('wherever the pieces are cut, also within a character', async (t) => {
  const bytes = Buffer.from('eins\nzwölf\n\n🙂\nend')
  const random = seeded(1)
  for (let round = 0; round < 50; round++) {
    const parts: Buffer[] = []
    for (let from = 0; from < bytes.length;) {
      const to = from + pick(random, [1, 2, 3, 7])
      parts.push(bytes.subarray(from, to))
      from = to
    }
    t.strictSame(await all(...parts), ['eins$', 'zwölf$', '$', '🙂$', 'end'])
  }
})

t.test('a line without end is not held', async (t) => {
  const large = Buffer.alloc(1 << 20, 'x')
  t.strictSame(await all(...Array<Buffer>(17).fill(large), '\nnext\n'), ['$', 'next$'])
})
