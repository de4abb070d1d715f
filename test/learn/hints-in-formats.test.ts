/** Each hint in each wire format, streamed and not: the requests of a conversation are written, and read as those of its callers. */
import t from 'tap'
import type { Hint } from '../../src/core/hints.ts'
import type { Message } from '../../src/core/prompt.ts'
import { FORMATS } from '../../src/formats/formats.ts'
import { asked, assistant, called, gave, user } from '../formats/format-cases.ts'
import { readBy, written } from '../formats/neutral-prompt.ts'
import { Talk } from '../support/turns.ts'

const CALL = assistant(called('call_1', 'edit', '{"path":"a.ts"}'))
const EDIT = { name: 'edit', description: null, schema: { type: 'object' }, strict: null, free: null, cache: null }

const QUESTION = user('Which of these parsers is the quickest on long lines, and why?')
const ANSWER = assistant('The second one.')
const MORE = user('And which of them takes the least memory?')
const gives = (words: string, failed = false): Message[] => [QUESTION, CALL, gave('call_1', 'edit', [words], failed)]

interface Case {
  readonly name: string
  readonly hint: Hint | null
  readonly requests: readonly (readonly Message[])[]
}

const START = [QUESTION]
const NEXT = [QUESTION, ANSWER, MORE]
const CASES: readonly Case[] = [
  { name: 'a conversation that goes on', hint: null, requests: [START, NEXT] },
  { name: 'an objection', hint: 'said_wrong', requests: [START, [QUESTION, ANSWER, user("No, that's wrong.")]] },
  {
    name: 'an objection with accents',
    hint: 'said_wrong',
    requests: [START, [QUESTION, ANSWER, user('Ça ne marche pas.')]],
  },
  { name: 'an objection without letters', hint: 'said_wrong', requests: [START, [QUESTION, ANSWER, user('不对')]] },
  { name: 'another objection', hint: 'said_wrong', requests: [START, [QUESTION, ANSWER, user('いいえ、違います')]] },
  { name: 'the same question', hint: 'asked_again', requests: [START, START] },
  { name: 'another last question', hint: 'rolled_back', requests: [START, NEXT, [QUESTION, ANSWER, user('Why?')]] },
  { name: 'a result', hint: null, requests: [START, gives('done')] },
  { name: 'a result that says that it failed', hint: 'tool_failed', requests: [START, gives('no such file', true)] },
  {
    name: 'a result that is an error by its words',
    hint: 'tool_failed',
    requests: [START, gives('Error: no such file')],
  },
  { name: 'a call that was refused', hint: 'call_invalid', requests: [START, gives('Invalid arguments: path', true)] },
]

for (const format of FORMATS.values())
  for (const stream of [false, true])
    t.test(`${format.name}, ${stream ? 'streamed' : 'whole'}`, async (t) => {
      for (const { name, hint, requests } of CASES) {
        const talk = new Talk()
        const said = requests.map((messages) => {
          const { raw } = written(asked(messages, { tools: [EDIT] }), format, stream)
          return talk.tellPrompt(readBy(format, raw, stream).prompt).hint
        })
        t.strictSame(said, [...requests.slice(1).map(() => null), hint], name)
      }
    })
