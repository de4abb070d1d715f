import { join } from 'node:path'
import t from 'tap'
import { FIELD_FLAGS } from '../../src/cli/key-flags.ts'
import {
  changesOf,
  fieldsOf,
  namedOf,
  option,
  type Option,
  zodShapeOf,
  storedOf,
  valuesOf,
} from '../../src/core/options/option.ts'
import { BACKEND_OPTIONS, KEY_OPTIONS, MADE_KEY_OPTIONS, ROUTE_OPTIONS } from '../../src/core/options/options.ts'
import { readKeyFile, textOf } from '../../src/keys/key-file.ts'
import { z } from 'zod'
import { storedKey } from '../keys/stored.ts'

// Files of keys that others can write are refused.
process.umask(0o077)

const SOME = {
  plain: option(z.string(), 'a text'),
  top_speed: option(z.int(), 'a number', { value: 5 }),
}

t.test('one declaration gives the values by both names, with its default where nothing is said', async (t) => {
  t.strictSame(valuesOf(SOME), { plain: null, topSpeed: 5 })
  t.strictSame(valuesOf(SOME, { plain: 'x', top_speed: 7 }), { plain: 'x', topSpeed: 7 })
  t.strictSame(fieldsOf(SOME, { plain: 'x' }), { plain: 'x', top_speed: 5 })
  t.strictSame(namedOf(SOME, valuesOf(SOME, { top_speed: 9 })), { plain: null, top_speed: 9 })
})

t.test(
  'one declaration gives what a file may say, what a change may say, and what the file of keys holds',
  async (t) => {
    const file = z.strictObject(zodShapeOf(SOME))
    t.strictSame(file.parse({}), {})
    t.notOk(file.safeParse({ plain: null }).success)
    t.strictSame(z.strictObject(changesOf(SOME)).parse({ plain: null }), { plain: null })
    t.strictSame(z.strictObject(storedOf(SOME)).parse({}), { plain: null, top_speed: 5 })
    t.notOk(z.strictObject(storedOf(SOME)).safeParse({ top_speed: 'fast' }).success)
  },
)

t.test('a file of keys from before an option was there is read, with the default of the option', async (t) => {
  const defaults = fieldsOf(MADE_KEY_OPTIONS)
  for (const name of Object.keys(defaults) as (keyof typeof defaults)[]) {
    const before = Object.fromEntries(Object.entries(storedKey('old', 'secret')).filter(([field]) => field !== name))
    const text = textOf([storedKey('old', 'secret')]).replace(/"keys": \[[^]*\]/, `"keys": ${JSON.stringify([before])}`)
    t.notMatch(text, `"${name}"`)
    const { keys } = await readKeyFile(join(t.testdir({ 'keys.json': text }), 'keys.json'))
    t.strictSame(keys[0]?.[name], defaults[name], name)
  }
})

t.test('every option of a key is a flag; every option says what it is', async (t) => {
  for (const [name, { flag }] of Object.entries<Option>(MADE_KEY_OPTIONS)) {
    t.ok((flag?.name ?? name) in FIELD_FLAGS, name)
  }
  for (const options of [BACKEND_OPTIONS, ROUTE_OPTIONS, KEY_OPTIONS])
    for (const [name, { doc }] of Object.entries<Option>(options)) t.match(doc, /\w{3}/, name)
})
