import t from 'tap'
import { load, refusal } from './load.ts'

const file = (option: string): string =>
  `backends: [{ name: a, kind: openai-compatible, url: 'http://h', models: [m] }]
budgets: [{ name: b, of: gateway, parallel: 1, ${option} }]`

const onStoreError = (option: string, env = {}): unknown => load(file(option), env).config.budgets[0]?.onStoreError

t.test('an option under its old name is read as before, and the check says what to write', async (t) => {
  t.equal(onStoreError('when_away: open'), 'allow')
  t.equal(onStoreError('when_away: closed'), 'deny')
  t.equal(onStoreError('when_away: "${AWAY}"', { AWAY: 'closed' }), 'deny', 'out of a variable too')
  t.strictSame(load(file('when_away: closed')).warnings, [
    'budgets[0].when_away is an old name of `on_store_error` (open is now allow, closed is now deny); write `on_store_error`',
  ])
})

t.test('under its name of today it has no warning', async (t) => {
  t.equal(onStoreError('on_store_error: deny'), 'deny')
  t.equal(onStoreError('soft: 0.5'), 'allow', 'its default')
  t.strictSame(load(file('on_store_error: deny')).warnings, [])
})

t.test('what is wrong with it is said under the name that the file has, with the one to write', async (t) => {
  t.match(
    refusal(file('when_away: shut')),
    /budgets\[0\]\.when_away: "shut" is not one of allow, deny; it is an old name of `on_store_error` \(open is now allow/,
  )
  t.match(refusal(file('on_store_error: shut')), /budgets\[0\]\.on_store_error: "shut" is not one of allow, deny$/m)
  t.match(refusal(file('when_away: open, on_store_error: allow')), /budgets\[0\]\.when_away: there is no such option/)
})
