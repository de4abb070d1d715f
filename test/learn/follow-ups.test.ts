import t from 'tap'
import type { Hint } from '../../src/core/hints.ts'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { honestWork } from '../support/agent-work.ts'
import { answer, Talk, user } from '../support/turns.ts'

const QUESTION = user('Which of these parsers is the quickest on long lines, and why?')
const ANSWER = answer('The second one, since it reads each byte once.')
const MORE = user('And which of them takes the least memory while it does so?')

/** A conversation in which a tool was called. */
const called = (result: string, more: JsonObject = {}): Json[] => [
  QUESTION,
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'edit', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: 'call_1', content: result, ...more },
]

t.test('a caller who goes on says nothing, and the answer before is one that nothing was said of', async (t) => {
  const talk = new Talk()
  t.strictSame(talk.tell([QUESTION]), { hint: null, about: null, unremarked: [] })
  t.strictSame(talk.tell([QUESTION, ANSWER, MORE]), { hint: null, about: null, unremarked: ['r1', 'anybody'] })
  t.strictSame(talk.tell([QUESTION, ANSWER, MORE, ANSWER, user('Thank you.')]).unremarked, ['r2', 'anybody'])
})

t.test('the next short message says that the answer is wrong, in many languages', async (t) => {
  const wrong = [
    'No, that is wrong.',
    "That's not what I asked for",
    "this still doesn't work",
    'Wrong!',
    'Try again.',
    "You're mistaken, there are three.",
    'Nein, das ist falsch.',
    'Das funktioniert nicht.',
    'Das stimmt so nicht',
    "Non, c'est faux.",
    'Ça ne marche pas',
    'Eso está mal.',
    'No funciona',
    'È sbagliato.',
    'Non funziona',
    'Isso está errado.',
    'Dat klopt niet.',
    'Dit is fout',
    'Это неверно',
    'Нет, это не работает',
    '不对',
    '这是错的',
    '違います',
    'いいえ、間違っています',
    '아니요, 틀렸어요',
  ]
  for (const words of wrong) {
    const talk = new Talk()
    talk.tell([QUESTION])
    const { hint, about } = talk.tell([QUESTION, ANSWER, user(words)])
    t.strictSame([hint, about], ['said_wrong', 'r1'], words)
  }
})

t.test('words of that kind in other messages are none', async (t) => {
  const fine = [
    'What is wrong with this code?',
    'Is it wrong to tell a lie?',
    'Why does it not work without the flag?',
    'Great, that works.',
    'No problem, go on.',
    'No.',
    'Now do the same for the other file, please.',
    'Translate "das ist falsch" into English.',
    'Nein',
    'Explica por qué no funciona sin la clave.',
    'Was ist falsch an diesem Satz?',
    "That's right, thanks!",
    '对',
    'はい',
    `That is wrong, but never mind: ${'write a long text about something else. '.repeat(10)}`,
  ]
  for (const words of fine) {
    const talk = new Talk()
    talk.tell([QUESTION])
    t.equal(talk.tell([QUESTION, ANSWER, user(words)]).hint, null, words)
  }
  const talk = new Talk()
  t.equal(
    talk.tell([QUESTION, ANSWER, user('No, that is wrong.')]).hint,
    null,
    'an example: that answer was not given here',
  )
})

t.test('what the result of a tool says', async (t) => {
  const cases: readonly (readonly [result: string, hint: Hint | null])[] = [
    ['ok', null],
    ['3 failed, 40 passed', null],
    ['There was no error.', null],
    ['error: none', null],
    ['0 errors, 0 warnings', null],
    ['{"errors": [], "ok": true}', null],
    ['export class ParseError extends Error {}', null],
    ['Error: ENOENT: no such file or directory', 'tool_failed'],
    ['{"error": "not found"}', 'tool_failed'],
    ['Traceback (most recent call last):\n  File "a.py"', 'tool_failed'],
    ['Tool execution failed: timeout', 'tool_failed'],
    ['Error: Invalid arguments for tool edit: path is required', 'call_invalid'],
    ['InputValidationError: missing required parameter `path`', 'call_invalid'],
    ['Error: Unknown tool: edti', 'call_invalid'],
    ['Error: String to replace not found in file.', 'call_invalid'],
  ]
  for (const [result, hint] of cases) {
    const talk = new Talk()
    talk.tell([QUESTION])
    const said = talk.tell(called(result))
    t.strictSame([said.hint, said.about], [hint, hint === null ? null : 'r1'], result)
    const next = talk.tell([...called(result), ANSWER, MORE])
    t.equal(next.hint, null, `${result}: once, and not with each request after it`)
  }
})

t.test('a conversation that goes back behind an answer', async (t) => {
  const talk = new Talk()
  talk.tell([QUESTION])
  talk.tell([QUESTION, ANSWER, MORE])
  const edited = talk.tell([QUESTION, ANSWER, user('Which of them is the shortest?')])
  t.strictSame([edited.hint, edited.about], ['rolled_back', 'r2'], 'another question in the place of the last one')
  const other = new Talk()
  other.tell([QUESTION])
  other.tell([QUESTION, ANSWER, MORE])
  const replaced = other.tell([QUESTION, answer('The first one, as far as I can see.'), user('Why?')])
  t.strictSame(
    [replaced.hint, replaced.about],
    ['rolled_back', 'r1'],
    'another answer in the place of the one that was given',
  )
})

t.test('what looks like going back, and is none', async (t) => {
  const examples = (question: string): Json[] => [
    user('2 + 2'),
    answer('4'),
    user('3 + 3'),
    answer('6'),
    user(question),
  ]
  const shots = new Talk()
  for (let at = 0; at < 20; at++)
    t.equal(shots.tell(examples(`${at} + ${at}`)).hint, null, 'examples before a question')
  const tidy = new Talk()
  tidy.tell([QUESTION])
  tidy.tell([QUESTION, ANSWER, MORE])
  const shortened = [QUESTION, answer('(left out)'), MORE, ANSWER, user('Thank you.')]
  t.equal(tidy.tell(shortened).hint, null, 'an agent that shortens its history, and goes on')
})

t.test('the same question again', async (t) => {
  const again = (traits: Parameters<Talk['tell']>[1], first: Parameters<Talk['tell']>[1] = {}): Hint | null => {
    const talk = new Talk()
    talk.tell([QUESTION], first)
    return talk.tell([QUESTION], traits).hint
  }
  t.equal(again({}), 'asked_again')
  t.equal(again({ after: 100 }), null, 'sooner than anybody could read: a program')
  t.equal(again({ after: 6 * 60_000 }), null, 'much later: a poll')
  t.equal(again({ after: -500 }), null, 'beside it')
  t.equal(again({ repeated: true }), null, 'the SDK repeats it')
  t.equal(again({}, { useful: false }), null, 'after an answer that was of no use')
  t.equal(again({ caller: 'other' }), null, 'another caller')
  t.equal(again({ conversation: 'c-2' }), null, 'another conversation')
  t.equal(again({ wishes: { temperature: 0.5 } }), null, 'at another temperature')
  t.equal(again({ wishes: { seed: 7 } }), null, 'with another seed')
  t.equal(again({ wishes: { n: 3 } }, { wishes: { n: 3 } }), null, 'several choices')
  t.equal(again({ named: true, model: 'large' }), null, 'of another model, which is not dearer')
  t.equal(again({ named: true }, { named: true }), 'asked_again', 'of the same model by its name')
})

t.test('whoever asks the same for ever is heard once', async (t) => {
  for (const after of [3_000, 30_000, 4 * 60_000]) {
    const talk = new Talk()
    let hints = 0
    for (let turn = 0; turn < 1_000; turn++) if (talk.tell([QUESTION], { after }).hint !== null) hints++
    t.equal(hints, 1, `every ${after} ms`)
  }
})

t.test('a caller gives no more than sixty hints in ten minutes', async (t) => {
  const talk = new Talk()
  let hints = 0
  for (let turn = 0; turn < 400; turn++)
    if (talk.tell([QUESTION], { conversation: `c-${turn >> 1}`, after: turn % 2 === 1 ? 2_000 : 0 }).hint !== null)
      hints++
  t.ok(hints <= 2 * 60, `${hints} in ${(400 / 2) * 4} s`)
  t.ok(hints >= 60)
})

t.test('the conversation goes on with a dearer model that the caller names', async (t) => {
  const named = { named: true, model: 'large', usdPerMtok: 10 }
  const next = [QUESTION, ANSWER, MORE]
  const after = (traits: Parameters<Talk['tell']>[1], first: Parameters<Talk['tell']>[1] = {}): Hint | null => {
    const talk = new Talk()
    talk.tell([QUESTION], first)
    return talk.tell(next, traits).hint
  }
  t.equal(after(named), 'escalated')
  t.equal(after(named, { named: true }), 'escalated', 'from one that was named, too')
  t.equal(after({ ...named, named: false }), null, 'the gateway chose it')
  t.equal(after({ ...named, usdPerMtok: 1 }), null, 'no dearer')
  t.equal(after({ ...named, usdPerMtok: null }), null, 'nobody knows what it costs')
  t.equal(after(named, { usdPerMtok: null }), null, 'nobody knows what the one before costs')
  t.equal(after(named, { usdPerMtok: 0 }), 'escalated', 'from a model of their own')
  const asked = new Talk()
  asked.tell([QUESTION])
  t.equal(asked.tell([QUESTION], named).hint, 'escalated', 'the same question')
  const bench = new Talk()
  bench.tell([QUESTION], { named: true })
  t.equal(bench.tell([QUESTION], named).hint, null, 'a benchmark asks one model after the other by their names')
  const turns = new Talk()
  turns.tell([QUESTION], named)
  turns.tell(next, { named: true })
  t.equal(turns.tell([...next, ANSWER, QUESTION], named).hint, null, 'whoever takes turns between two goes back')
})

t.test('agents at honest work give no hint, however long', async (t) => {
  for (const turns of [30, 200]) {
    const talk = new Talk()
    let count = 0
    for (const { messages, retried } of honestWork(turns)) {
      if (retried) t.equal(talk.tell(messages, { useful: false, after: 500 }).hint, null)
      t.equal(talk.tell(messages, { repeated: retried, after: 500 }).hint, null, `turn ${count++} of ${turns}`)
    }
  }
})

t.test('it is bounded, and forgotten after ten minutes', async (t) => {
  const talk = new Talk()
  const { followUps } = talk
  for (let at = 0; at < 10_000; at++) talk.tell([user(`Question ${at}`)], { conversation: `c-${at}`, after: -1_000 })
  t.ok(followUps.size <= 8_192)
  t.ok(talk.tell([QUESTION], { after: 11 * 60_000 }).unremarked.length > 0, 'nobody came back to them')
  t.equal(followUps.size, 1)
  followUps.forget(Infinity)
  t.equal(followUps.size, 0)
})
