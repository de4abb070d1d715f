import { existsSync } from 'node:fs'
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { resetState, showState } from '../../src/cli/state.ts'
import type { Io } from '../../src/cli/io.ts'
import { run } from './turnout.ts'

const STATE = JSON.stringify({
  version: 1,
  arms: {
    'tiny@low': { n: 12, other: {}, said: { feedback: 3, said_wrong: 2 } },
    big: {},
    'odd@high': null,
  },
  hints: { said_wrong: { given: 2, scored: 1, score: 0, expected: 0.7 } },
})

interface Said extends Io {
  readonly said: { out: string; err: string }
}

function io(): Said {
  const said = { out: '', err: '' }
  return {
    said,
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
    stdin: (async function* () {})(),
    env: {},
    cwd: '/',
  }
}

t.test('show: version, size, age, and a line for each arm', async (t) => {
  const file = join(t.testdir({ 'state.json': STATE }), 'state.json')
  await utimes(file, 1_000, 1_000)
  const shown = io()
  t.equal(await showState(file, shown, false, 1_000_000 + 150_000), 0)
  t.equal(
    shown.said.out,
    `${file}: version 1, ${STATE.length} bytes, written 3 min ago

model and effort  observations  scores and hints
tiny@low          12            3 x feedback, 2 x said_wrong
big               ?             -
odd@high          ?             -

hint        given  scored as well  worth, of a score
said_wrong  2      1               0.33
`,
  )
  const json = io()
  await showState(file, json, true)
  t.strictSame(JSON.parse(json.said.out), JSON.parse(STATE))
})

t.test('show: nothing learnt, nothing there, nothing kept, nothing readable', async (t) => {
  const cwd = t.testdir({ 'empty.json': '{"version":1,"arms":{}}', 'broken.json': '{"version":', 'list.json': '[]' })
  for (const [file, code, out, err] of [
    ['empty.json', 0, /nothing has been learnt yet/, /^$/],
    ['broken.json', 1, /^$/, /broken\.json: is not a JSON object/],
    ['list.json', 1, /^$/, /list\.json: is not a JSON object/],
    ['none.json', 1, /^$/, /none\.json: does not exist/],
    ['.', 1, /^$/, /cannot be read \(EISDIR\)/],
    [null, 1, /^$/, /there is no state file/],
  ] as const) {
    const one = io()
    t.equal(await showState(file === null ? null : join(cwd, file), one, false), code, String(file))
    t.match(one.said, { out, err })
  }
})

t.test('reset: says what goes, and deletes it; twice is no failure', async (t) => {
  const file = join(t.testdir({ 'state.json': STATE }), 'state.json')
  const first = io()
  t.equal(await resetState(file, first), 0)
  t.match(first.said.out, `deleted ${file} (${STATE.length} bytes)`)
  t.notOk(existsSync(file))
  const again = io()
  t.equal(await resetState(file, again), 0)
  t.match(again.said, { out: '', err: /does not exist/ })
  t.equal(await resetState(null, io()), 1)
})

t.test('state names a configuration, a word or a file that it cannot use', async (t) => {
  const cwd = t.testdir({
    'turnout.yaml': "backends: [{ name: a, kind: vllm, url: 'http://127.0.0.1:9' }]\n",
    'wrong.yaml': 'backends: 1\n',
  })
  t.match(await run(['state', '--config', 'wrong.yaml'], { cwd }), { code: 1, out: '', err: /wrong\.yaml/ })
  for (const [args, why] of [
    [['what'], 'show|reset: "what" is none of show, reset'],
    [['show', 'reset'], '"reset" is one word too many'],
    [['--what'], 'there is no flag --what'],
  ] as const) {
    const { code, out, err } = await run(['state', ...args], { cwd })
    t.strictSame([code, out], [2, ''], args.join(' '))
    t.equal(
      err,
      `turnout state: ${why}\nusage: turnout state [show|reset] [--config FILE] [--json]\n\`turnout state --help\` says more\n`,
    )
  }
  t.match(await run(['state'], { cwd: t.testdir({}) }), { code: 1, err: /there is no state file/ })
})
