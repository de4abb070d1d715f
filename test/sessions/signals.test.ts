import { inspect } from 'node:util'
import t from 'tap'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { parseBody } from '../../src/formats/openai/request.ts'
import { CHAT } from '../../src/core/endpoints.ts'
import { stepOf } from '../../src/accounting/step.ts'
import { add, newSession } from '../../src/sessions/session.ts'
import {
  countEnding,
  countStep,
  newTallies,
  newTrace,
  raised,
  type Signal,
  SIGNALS,
} from '../../src/sessions/signals.ts'
import { gatewayRequest } from '../support/factories.ts'
import { finished } from '../support/records.ts'
import { honestWork } from '../support/agent-work.ts'
import { seeded } from '../support/random.ts'

interface How {
  readonly useful?: boolean
  readonly again?: boolean
  readonly at?: number
  readonly fresh?: number
}

/** One session of signals. */
function watch(): { tell(messages: readonly Json[], how?: How): void; signals(): Signal[]; of(one: Signal): number } {
  const tallies = newTallies()
  const trace = newTrace()
  return {
    tell(messages, { useful = true, again = false, at = 0, fresh = 0 } = {}) {
      countEnding(tallies, trace, { useful, at, fresh })
      countStep(tallies, trace, stepOf(gatewayRequest({ model: 'm', messages }).prompt), useful, again)
    },
    signals: () => raised(tallies),
    of: (one) => tallies[one],
  }
}

const user = (content: string): Json => ({ role: 'user', content })
const answer = (content: string): Json => ({ role: 'assistant', content })
const QUESTION = user('Mend the failing test of the parser, please, and tell me why it failed.')

/** A conversation in which tools are called one after the other, as the requests that it takes. */
function calls(list: readonly (readonly [name: string, args: string, result: string])[]): Json[][] {
  const messages: Json[] = [QUESTION]
  return list.map(([name, args, content], at) => {
    const tool_calls = [{ id: `call_${at}`, type: 'function', function: { name, arguments: args } }]
    messages.push({ role: 'assistant', content: null, tool_calls })
    messages.push({ role: 'tool', tool_call_id: `call_${at}`, content })
    return [...messages]
  })
}

t.test('honest work raises nothing, however long', async (t) => {
  for (const turns of [30, 200]) {
    const one = watch()
    let at = 0
    for (const { messages, retried, input, cached, output } of honestWork(turns)) {
      at += 12_000
      if (retried) one.tell(messages, { useful: false, at })
      one.tell(messages, { again: retried, at, fresh: input - cached + output })
      t.strictSame(one.signals(), [], `turn ${at / 12_000} of ${turns}`)
    }
  }
})

t.test('the same question again', async (t) => {
  const one = watch()
  for (let i = 0; i < SIGNALS.repeated_request; i++) one.tell([QUESTION])
  t.strictSame(one.signals(), [], 'not yet')
  one.tell([QUESTION])
  t.strictSame(one.signals(), ['repeated_request'])
  one.tell([user('Something else, which has not been asked before by anybody.')])
  t.strictSame(one.signals(), [], 'until something new is asked')
  const turns = watch()
  const other = user('Now explain what the module does, in so many words as it takes.')
  for (let i = 0; i < 5; i++) turns.tell([i % 2 === 0 ? QUESTION : other])
  t.strictSame(turns.signals(), ['repeated_request'], 'in turns')
  const growing = watch()
  for (let i = 0; i < 4; i++) growing.tell([...Array<Json>(i).fill(answer(`I try ${i}`)), QUESTION])
  t.strictSame(growing.signals(), ['repeated_request'], 'in a conversation that grows')
})

t.test('what is said often is judged with what it answers', async (t) => {
  const one = watch()
  for (let i = 0; i < 6; i++) one.tell([QUESTION, answer(`part ${i}`), user('go on')])
  t.strictSame(one.signals(), [])
  const stuck = watch()
  for (let i = 0; i < 4; i++) stuck.tell([QUESTION, answer('I am done.'), user('go on')])
  t.strictSame(stuck.signals(), ['repeated_request'])
})

t.test('the same call again', async (t) => {
  const one = watch()
  const same = calls(Array.from({ length: 4 }, (_, at) => ['run_tests', '{"only":"a"}', `failed after ${at} s`]))
  for (const messages of same.slice(0, 3)) one.tell(messages)
  t.strictSame(one.signals(), [], 'not yet')
  one.tell(same[3]!)
  t.strictSame(one.signals(), ['same_tool_call'])
  const pingPong = watch()
  const two = (at: number): readonly [string, string, string] =>
    at % 2 === 0 ? ['read', '{"path":"a"}', `a ${at}`] : ['list', '{"path":"b"}', `b ${at}`]
  for (const messages of calls(Array.from({ length: 5 }, (_, at) => two(at)))) pingPong.tell(messages)
  t.strictSame(pingPong.signals(), ['same_tool_call'], 'two in turns')
  const fine = watch()
  for (const messages of calls(Array.from({ length: 12 }, (_, at) => ['read', `{"page":${at}}`, 'ok'])))
    fine.tell(messages)
  t.strictSame(fine.signals(), [], 'other arguments, the same result')
  const polled = watch()
  for (const messages of calls(Array.from({ length: 4 }, () => ['job_state', '{}', 'running']))) polled.tell(messages)
  t.strictSame(polled.signals(), ['repeated_request', 'same_tool_call'], 'who waits by asking looks the same')
})

t.test('one call that is sent again is one call', async (t) => {
  const one = watch()
  const [messages] = calls([['run_tests', '{}', 'failed']])
  for (let i = 0; i < 4; i++) one.tell(messages!, { useful: false })
  one.tell(messages!, { again: true })
  t.equal(one.of('same_tool_call'), 1)
  t.strictSame(one.signals(), [])
})

t.test('what is asked again because it failed is no circle', async (t) => {
  const one = watch()
  for (let i = 0; i < SIGNALS.repeated_request; i++) {
    const messages = [user(`Question ${i}, which is long enough to stand for itself.`)]
    one.tell(messages, { useful: false })
    one.tell(messages, { again: true })
  }
  t.equal(one.of('repeated_request'), 0)
})

t.test('failures in a row', async (t) => {
  const one = watch()
  for (let i = 0; i < SIGNALS.failing; i++) one.tell([QUESTION], { useful: false })
  t.strictSame(one.signals(), ['failing'])
  one.tell([QUESTION])
  t.strictSame(one.signals(), [], 'until one is useful')
})

t.test('retries among the last requests', async (t) => {
  const one = watch()
  const next = (at: number): Json[] => [user(`Question ${at}, which is long enough to stand for itself.`)]
  for (let i = 0; i < 200; i++) one.tell(next(i), { again: i % 40 === 0 })
  t.strictSame(one.signals(), [], 'five in two hundred are none')
  for (let i = 0; i < 4; i++) one.tell(next(300 + i), { again: true })
  t.strictSame(one.signals(), ['retrying'])
  for (let i = 0; i < 32; i++) one.tell(next(400 + i))
  t.strictSame(one.signals(), [], 'they pass')
})

t.test('nobody has said anything new for long', async (t) => {
  const one = watch()
  const list = calls(Array.from({ length: 60 }, (_, at) => ['read', `{"page":${at}}`, `text ${at}`]))
  for (const messages of list.slice(0, SIGNALS.no_new_question)) one.tell(messages)
  t.strictSame(one.signals(), [])
  one.tell(list[SIGNALS.no_new_question]!)
  t.strictSame(one.signals(), ['no_new_question'], 'also where the question lies too far back to be looked at')
  one.tell([...list[51]!, user('Stop. Do something else now, which you have not done.')])
  t.strictSame(one.signals(), [])
})

t.test('a session that burns tokens gives a signal', async (t) => {
  const one = watch()
  const next = (at: number): Json[] => [user(`Question ${at}, which is long enough to stand for itself.`)]
  for (let i = 0; i < 60; i++) one.tell(next(i), { at: i * 60_000, fresh: 150_000 })
  t.strictSame(one.signals(), [], '1.5 million in ten minutes')
  for (let i = 60; i < 70; i++) one.tell(next(i), { at: i * 60_000, fresh: 210_000 })
  t.strictSame(one.signals(), ['burning'])
  one.tell(next(80), { at: 80 * 60_000, fresh: 1000 })
  t.strictSame(one.signals(), [])
})

t.test('any shape of a body, and a bounded part of it', async (t) => {
  const random = seeded(3)
  const kinds = ['user', 'assistant', 'tool', 'function', 'system', 7, null]
  const any = (depth: number): Json => {
    const kind = Math.floor(random() * (depth > 4 ? 4 : 7))
    if (kind < 4) return [null, 7, 'text', true][kind]!
    if (kind === 4) return Array.from({ length: 4 }, () => any(depth + 1))
    const role = kinds[Math.floor(random() * kinds.length)]!
    return { role, content: any(depth + 1), tool_calls: any(depth + 1), function_call: any(depth + 1), id: 'x' }
  }
  const one = watch()
  for (let i = 0; i < 3000; i++) {
    const messages = any(0)
    one.tell((Array.isArray(messages) ? messages : [messages]) as readonly Json[])
  }
  for (const signal of Object.keys(SIGNALS) as Signal[]) t.ok(Number.isSafeInteger(one.of(signal)), signal)
  const parts = (last: string): Json => ({
    role: 'user',
    content: [...Array<Json>(100_000).fill({ type: 'text', text: 'part' }), { type: 'text', text: last }],
  })
  const large = watch()
  for (const last of ['a', 'b', 'c', 'd']) large.tell([parts(last)])
  t.strictSame(large.signals(), ['repeated_request'], 'what lies far behind is not read')
})

t.test('long texts, which are cut when they are parsed, are known again', async (t) => {
  const one = watch()
  const body = (text: string): JsonObject =>
    parseBody(Buffer.from(JSON.stringify({ model: 'm', messages: [user(text.repeat(40_000))] })), CHAT).prompt.body
  for (let i = 0; i < 4; i++) one.tell(body('Please. ')['messages'] as Json[])
  t.strictSame(one.signals(), ['repeated_request'])
  one.tell(body('Thanks. ')['messages'] as Json[])
  t.strictSame(one.signals(), [])
})

t.test('no word of what was said is in what is kept', async (t) => {
  const session = newSession({ id: 's', key: 'k', team: null, user: null, agent: null, derived: false }, 0)
  const canary = 'canary-of-the-moon'
  for (let i = 0; i < 9; i++) {
    const tool_calls = [{ id: '1', function: { name: canary, arguments: `{"q":"${canary}"}` } }]
    const messages = [
      user(`${canary} ${i}`),
      { role: 'assistant', content: canary, tool_calls },
      { role: 'tool', content: canary },
    ]
    add(session, finished())
    const { prompt } = gatewayRequest({ messages, [canary]: canary, tools: [canary] })
    countStep(session.tallies, session.trace, stepOf(prompt), true, false)
  }
  const all = inspect(session, { depth: null, showHidden: true, maxArrayLength: null })
  t.match(all, /'a\/m' => 9/, 'all of it is looked at')
  t.notMatch(all, /canary/)
})
