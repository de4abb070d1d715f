import t from 'tap'
import { COMMANDS } from '../../src/cli/commands.ts'
import { run } from './turnout.ts'

/** A call of every command with --url. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  chat: ['Hello'],
  connect: [],
  models: [],
  'models show': ['name'],
  route: ['Hello'],
  explain: ['request.json'],
  sessions: ['--token', 'x'],
}

const REQUEST = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hello' }] })

t.test('every command that has --url is in the table', (t) => {
  const all = COMMANDS.flatMap((entry) => ('commands' in entry ? entry.commands : [entry]))
  t.strictSame(all.filter(({ flags }) => 'url' in flags).map(({ name }) => name), Object.keys(CALLS)) // prettier-ignore
  t.end()
})

for (const [name, words] of Object.entries(CALLS))
  t.test(`turnout ${name} --url: what is no URL is told with what to write, and no stack`, async (t) => {
    const cwd = t.testdir({ 'request.json': REQUEST })
    const port = name === 'sessions' ? 7071 : 7070
    const example = `one such as http://127.0.0.1:${port}`
    for (const [text, quoted, remedy] of [
      ['localhost:7070', '"localhost:7070"', 'http://localhost:7070'],
      ['gpu-a.lan/v1', '"gpu-a.lan/v1"', 'http://gpu-a.lan/v1'],
      ['[::1]:7070', '"[::1]:7070"', 'http://[::1]:7070'],
      ['nonsense', '"nonsense"', example],
      ['ftp://gpu-a', '"ftp://gpu-a"', example],
      ['', '""', example],
      ['ann:secret@gpu-a:7070', 'what is given', example],
    ] as const) {
      const { code, out, err } = await run([...name.split(' '), ...words, `--url=${text}`], { cwd })
      t.strictSame([code, out], [1, ''], text)
      t.equal(err.replace(/\s+/g, ' ').trim(), `turnout ${name}: --url: ${quoted} is not a URL; write ${remedy}`)
    }
  })
