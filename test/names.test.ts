/** The name of a test is a sentence: it says what is so, and a failure names what is no longer so. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'

const FOLDER = resolve(import.meta.dirname, '../../test')

/** No sentence is shorter. */
const FEWEST_WORDS = 3

const namesIn = (text: string): string[] =>
  [...text.matchAll(/\bt\.test\(\s*(?:'((?:[^'\\]|\\.)*)'|"([^"]*)")/g)].map(([, single, double]) => single ?? double!)
const tooShort = (name: string): boolean => name.split(/\s+/).length < FEWEST_WORDS

t.test('names that are read from a file are those of its tests', async (t) => {
  const text = `t.test('a b', async (t) => {})\n  t.test(\n    "it's a name",\n    async (t) => {},\n  )\nPATTERN.test('no')`
  t.strictSame(namesIn(text), ['a b', "it's a name"])
})

t.test('each test is named by a sentence', async (t) => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts'))
  const names = files.flatMap((path) =>
    namesIn(readFileSync(join(FOLDER, path), 'utf8')).map((name) => ({ path, name })),
  )
  t.ok(names.length > 1_000, `${names.length} names`)
  t.strictSame(
    names.filter(({ path, name }) => path !== 'names.test.ts' && tooShort(name)),
    [],
  )
})
