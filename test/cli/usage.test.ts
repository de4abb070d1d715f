import t from 'tap'
import { KEY_USAGE } from '../../src/cli/key-flags.ts'
import { wrapped } from '../../src/cli/wrapped.ts'
import { run } from './turnout.ts'

t.test('help fits into a terminal of 80 columns', async (t) => {
  const { out } = await run(['help'], { cwd: t.testdir({}) })
  const long = [...out.split('\n'), ...KEY_USAGE.split('\n')].filter((line) => line.length > 80)
  t.strictSame(long, [])
  t.match(out, /^ {2}turnout serve /m)
  t.match(KEY_USAGE, /^ {2}--rpm N +requests per minute/m)
})

t.test('a text is broken at spaces, and a word that is too long keeps a line of its own', async (t) => {
  t.equal(wrapped('one two three', 7), 'one two\nthree\n')
  t.equal(wrapped('one', 7), 'one\n')
  t.equal(wrapped('a incomprehensible b', 7), 'a\nincomprehensible\nb\n')
})
