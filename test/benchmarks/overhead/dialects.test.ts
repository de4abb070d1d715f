import t from 'tap'
import { answerAt, scriptOf } from '../../../benchmarks/overhead/dialects/answers.ts'
import { dialectAt, WRITE } from '../../../benchmarks/overhead/dialects/bodies.ts'
import { differs } from '../../../benchmarks/overhead/dialects/check.ts'
import { type TalkKind, talkOf, textsOf } from '../../../benchmarks/overhead/dialects/talk.ts'
import { FIRST_NUMBER } from '../../../benchmarks/overhead/numbered.ts'
import { FORMAT_NAMES, type FormatName } from '../../../src/core/format-names.ts'

const KINDS: readonly TalkKind[] = ['small', 'agent']

function askedIn(dialect: FormatName, kind: TalkKind, stream: boolean): { path: string; body: Buffer } {
  const { path, body } = WRITE[dialect](talkOf(kind, 0), 'some-model', stream)
  return { path, body: Buffer.from(JSON.stringify(body)) }
}

/** As a caller of that dialect reads it from the upstream itself. */
function answered(dialect: FormatName, kind: TalkKind, stream: boolean): string {
  const { path, body } = askedIn(dialect, kind, stream)
  const answer = answerAt(path, body)
  if (typeof answer === 'string') throw new Error(answer)
  return Buffer.concat(answer.payloads).toString()
}

t.test('every dialect has its own path, and an agent sends about 15 kB in each', async (t) => {
  for (const dialect of FORMAT_NAMES) {
    for (const stream of [false, true]) t.equal(dialectAt(askedIn(dialect, 'agent', stream).path), dialect)
    const { length } = askedIn(dialect, 'agent', false).body
    t.ok(length > 13_000 && length < 17_000, `${dialect}: ${length} bytes`)
  }
})

t.test('the answer of the upstream is found good in each dialect, and each wrong one is found', async (t) => {
  for (const dialect of FORMAT_NAMES)
    for (const stream of [false, true]) {
      const answer = answered(dialect, 'small', stream)
      const verdict = (text: string, number = FIRST_NUMBER): string | null => differs(dialect, text, number, stream)
      const name = `${dialect}, stream ${stream}`
      t.equal(verdict(answer), null, name)
      t.match(verdict(answer, FIRST_NUMBER + 1), /another text/, `${name}: of the next request`)
      t.match(verdict(answer.slice(0, answer.length / 2)), /./, `${name}: cut`)
      const { output } = scriptOf(FIRST_NUMBER, stream).tokens
      const silent = dialect === 'openai-chat' && stream
      const other = silent
        ? answer.replace('"content":" ', '"content":"x')
        : answer.replace(new RegExp(`"(\\w+)":${output}\\b`, 'g'), `"$1":${output + 1}`)
      t.match(verdict(other), /came/, `${name}: other usage, or text`)
    }
  t.match(differs('openai-chat', '{', FIRST_NUMBER, false), /not JSON/)
})

t.test('a request that has lost one of its texts is refused by the upstream', async (t) => {
  for (const dialect of FORMAT_NAMES)
    for (const kind of KINDS) {
      const { path, body } = askedIn(dialect, kind, false)
      t.type(answerAt(path, body), 'object')
      for (const text of textsOf(talkOf(kind, 0))) {
        const lost = body.toString().replaceAll(text, 'x')
        t.type(answerAt(path, Buffer.from(lost)), 'string', `${dialect} without ${text.slice(0, 30)}`)
      }
    }
  t.match(answerAt('/v1/other', Buffer.from('Case 1.')), /no such path/)
})
