import t, { type Test } from 'tap'
import { AnswerChecker, type CheckerLimits } from '../../src/accounting/checker.ts'
import type { CheckRequest } from '../../src/accounting/fit.ts'

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const question = (text: string, schema: unknown): CheckRequest => ({
  text,
  format: { json: bytes({ schema }), holders: [], schema: 'schema' },
  calls: [],
  tools: [],
})

function checkerFor(test: Test, limits: Partial<CheckerLimits> = {}): AnswerChecker {
  const checker = new AnswerChecker(limits)
  test.teardown(() => checker.close())
  return checker
}

t.test('answers in order, from another thread', async (t) => {
  const checker = checkerFor(t, { checkMs: 10_000 })
  const fits = await Promise.all(
    ['1', '"x"', '{', '2'].map((text) => checker.check(question(text, { type: 'number' }))),
  )
  t.strictSame(fits, ['ok', 'schema_mismatch', 'not_json', 'ok'])
})

const deep = (depth: number): object =>
  Object.fromEntries(
    Array.from({ length: depth }, (_, i) => [
      `d${i}`,
      { allOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] },
    ]),
  )
const ENDLESS: Readonly<Record<string, CheckRequest>> = {
  'a pattern': question(JSON.stringify(`${'a'.repeat(60)}!`), { type: 'string', pattern: '^(a+)+$' }),
  'references that double': question('1', { $ref: '#/$defs/d0', $defs: { ...deep(60), d60: { type: 'number' } } }),
}

for (const [name, endless] of Object.entries(ENDLESS))
  t.test(`a schema that takes for ever ends, and does not hold up the loop: ${name}`, async (t) => {
    const checker = checkerFor(t, { checkMs: 300, restMs: 0 })
    t.equal(await checker.check(question('1', true)), 'ok', 'the thread is there')
    let longest = 0
    let last = performance.now()
    const beat = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }, 5)
    const [fit, waiting] = await Promise.all([checker.check(endless), checker.check(question('1', true))])
    clearInterval(beat)
    t.strictSame([fit, waiting], ['unchecked', 'unchecked'])
    t.ok(longest < 250, `${longest} ms without a turn of the loop`)
    t.equal(await checker.check(question('1', { type: 'string' })), 'schema_mismatch', 'a new thread')
  })

t.test('it rests after one that had to be ended', async (t) => {
  const checker = checkerFor(t, { checkMs: 300, restMs: 60_000 })
  t.equal(await checker.check(ENDLESS['a pattern']!), 'unchecked')
  t.equal(await checker.check(question('1', true)), 'unchecked')
})

t.test('a queue that is full', async (t) => {
  const checker = checkerFor(t, { queue: 1, checkMs: 10_000 })
  const fits = await Promise.all(['1', '2', '3'].map((text) => checker.check(question(text, true))))
  t.strictSame(fits, ['ok', 'ok', 'unchecked'])
})

t.test('closing leaves nobody waiting', async (t) => {
  const checker = new AnswerChecker({ checkMs: 10_000 })
  const waiting = [checker.check(ENDLESS['a pattern']!), checker.check(question('1', true))]
  await checker.close()
  t.strictSame(await Promise.all(waiting), ['unchecked', 'unchecked'])
  t.equal(await checker.check(question('1', true)), 'unchecked')
  await new AnswerChecker().close()
})
