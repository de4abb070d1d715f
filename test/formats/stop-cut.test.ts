/** An answer ends where it meets a stop sequence, however its text is split. */
import t from 'tap'
import type { Piece } from '../../src/formats/piece.ts'
import { StopCut } from '../../src/formats/stop-cut.ts'

const END: Piece = { kind: 'end', choice: 0, finish: 'length', stop: null }
const said = (text: string, choice = 0): Piece => ({ kind: 'text', choice, text })

/** What comes of these pieces, one after the other. */
function cut(stops: readonly string[], pieces: readonly Piece[], choices = 1) {
  const one = new StopCut(stops, choices)
  const out = [...pieces.flatMap((piece) => [...one.take([piece])]), ...one.rest()]
  const text = (of: number): string =>
    out.flatMap((piece) => (piece.kind === 'text' && piece.choice === of ? [piece.text] : [])).join('')
  const ends = out.filter((piece) => piece.kind === 'end')
  return { out, text, ends, met: one.met }
}

interface Case {
  readonly stops: readonly string[]
  readonly text: string
  readonly kept: string
  readonly stop: string | null
}

const CASES: readonly Case[] = [
  { stops: ['END'], text: 'One, two END three', kept: 'One, two ', stop: 'END' },
  { stops: ['END'], text: 'END', kept: '', stop: 'END' },
  { stops: ['END'], text: 'One, EN two E', kept: 'One, EN two E', stop: null },
  { stops: ['aab'], text: 'xaaab', kept: 'xa', stop: 'aab' },
  { stops: ['\n\n', 'END'], text: 'a\nb\n\nEND', kept: 'a\nb', stop: '\n\n' },
  { stops: ['bc', 'abcd'], text: 'xabcd', kept: 'xa', stop: 'bc' },
  { stops: ['水🚂'], text: 'a水b水🚂c', kept: 'a水b', stop: '水🚂' },
]

t.test('split in two and in single letters, at every place', async (t) => {
  for (const { stops, text, kept, stop } of CASES) {
    const letters = Array.from(text)
    const splits = letters.map((_, at) => [letters.slice(0, at).join(''), letters.slice(at).join('')])
    for (const parts of [letters, ...splits]) {
      const got = cut(stops, [...parts.map((part) => said(part)), END])
      t.equal(got.text(0), kept, JSON.stringify([stops, parts]))
      const wanted = stop === null ? END : { kind: 'end', choice: 0, finish: 'stop', stop }
      t.strictSame(got.ends, [wanted])
      t.equal(got.met, stop !== null)
    }
  }
})

t.test('what may be its beginning waits for what follows, and all else goes on at once', async (t) => {
  const one = new StopCut(['END'], 1)
  t.strictSame(one.take([said('One EN')]), [said('One ')])
  const call: Piece = { kind: 'call', choice: 0, slot: 0, begins: { id: 'a', name: 'f', free: false }, arguments: '' }
  t.strictSame(one.take([call]), [said('EN'), call], 'a call is no text')
  t.strictSame(one.take([said('D')]), [said('D')], 'and what is behind it does not go on with what was before')
  t.strictSame(one.take([{ kind: 'thought', choice: 0, text: 'END' }]), [{ kind: 'thought', choice: 0, text: 'END' }])
  t.equal(one.met, false, 'a thought is not the answer')
})

t.test('each choice by itself; nothing more is wanted when all have met one', async (t) => {
  const got = cut(['END'], [said('a E', 0), said('b', 1), said('ND c', 0), said(' d', 1), said(' END', 1), END], 2)
  t.strictSame([got.text(0), got.text(1), got.met], ['a ', 'b d ', true])
  t.strictSame(
    got.ends.map(({ choice }) => choice),
    [0, 1],
  )
})

t.test('tokens are told with how likely they were, as far as the text goes', async (t) => {
  const likely = (token: string): Piece => ({
    kind: 'text',
    choice: 0,
    text: token,
    logprobs: [{ token, logprob: -1, bytes: null, top: [] }],
  })
  const { out } = cut(['END'], ['One', ' EN', 'C', ' E', 'ND', '!'].map(likely))
  const tokens = out.flatMap((piece) => (piece.kind === 'text' ? (piece.logprobs ?? []) : [])).map(({ token }) => token)
  t.strictSame(tokens, ['One', ' EN', 'C'])
})
