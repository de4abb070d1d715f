import t from 'tap'
import { type Counted, faultOf, type Line, type Step } from './judge.ts'

const NOTHING: Counted = { refusals: 0, left: 0, waits: [] }
const USAGE = { input: 3, output: 4 }

/** What a probe says and the gateway counted, and whether that is well. */
const CASES: readonly (readonly [step: Step, line: Omit<Line, 'step'>, well: boolean, counted?: Partial<Counted>])[] = [
  ['whole', { saw: { text: 'Hello', ...USAGE } }, true],
  ['whole', { saw: { text: '', ...USAGE } }, false],
  ['whole', { saw: { text: 'Hello', input: 3, output: 0 } }, false],
  ['whole', { error: 'TypeError: nothing' }, false],
  ['streamed', { saw: { pieces: ['Hel', 'lo'], ...USAGE } }, true],
  ['streamed', { saw: { pieces: ['Hello'], ...USAGE } }, false],
  ['streamed', { saw: { pieces: ['Hel', 'lo'] } }, false],
  ['tool', { saw: { calls: [['bash', { command: 'ls' }]], text: 'Done' } }, true],
  ['tool', { saw: { calls: [], text: 'Done' } }, false],
  ['tool', { saw: { calls: [['bash', '{"command":"ls"}']], text: 'Done' } }, false],
  ['tool', { saw: { calls: [['bash', { command: 'ls' }]], text: null } }, false],
  ['schema', { saw: { object: { city: 'Vienna' } } }, true],
  ['schema', { saw: { object: '{"city":"Vienna"}' } }, false],
  ['embedding', { saw: { lengths: [256, 256] } }, true],
  ['embedding', { saw: { lengths: [256] } }, false],
  ['embedding', { saw: { lengths: [1, 1] } }, false],
  ['unknown', { error: '404 No model, route or alias named "no-such-model". There are: auto.' }, true],
  ['unknown', { error: '{\\"message\\": \\"No model, route or alias named \\\\\\"no-such-model' }, true],
  ['unknown', { error: '404 Not Found' }, false],
  ['unknown', { saw: { text: 'Hello', ...USAGE } }, false],
  ['refused', { error: '429 Budget "pocket-money" of key "poor"' }, true, { refusals: 1 }],
  ['refused', { error: '429 Budget "pocket-money" of key "poor"' }, false, { refusals: 3 }],
  ['refused', { error: '429 Too Many Requests' }, false, { refusals: 1 }],
  ['waits', { saw: { text: 'Hello', ...USAGE } }, true, { waits: [2_010] }],
  ['waits', { saw: { text: 'Hello', ...USAGE } }, false, { waits: [500] }],
  ['waits', { saw: { text: 'Hello', ...USAGE } }, false],
  ['waits', { error: '429 Busy.' }, false, { waits: [2_010] }],
  ['leaves', { saw: {} }, true, { left: 1 }],
  ['leaves', { saw: {} }, false],
]

t.test('a probe is judged by what it saw and by what the gateway counted', async (t) => {
  for (const [step, line, well, counted] of CASES) {
    const fault = faultOf(step, { step, ...line }, { ...NOTHING, ...counted })
    t.equal(fault === null, well, `${step} ${JSON.stringify(line)} ${JSON.stringify(counted)}: ${fault ?? 'well'}`)
  }
})
