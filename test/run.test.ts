import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'

const RUN = join(import.meta.dirname, 'run.js')

interface Ran {
  readonly code: number | null
  readonly out: string
}

async function run(files: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [RUN, ...files], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out }
}

const IMPORT = "import t from 'tap'\n"
const GOOD = `${IMPORT}t.pass('a'); t.test('two of its own', async (t) => { t.pass('c'); t.pass('d') }); t.skip('e')`

/** Every way in which a file can fail, and what must be said of it. */
const BAD: Readonly<Record<string, readonly [text: string, said: RegExp]>> = {
  'asserts.mjs': [
    `${IMPORT}t.test('one inside another', async (t) => { t.pass('fine'); t.equal(1, 2, 'one is two') })`,
    /one is two/,
  ],
  'throws.mjs': [`${IMPORT}t.pass('a'); throw new Error('thrown outside')`, /thrown outside/],
  'late.mjs': [
    `${IMPORT}t.test('it throws too late', () => new Promise(() => setTimeout(() => { throw new Error('thrown late') }, 1)))`,
    /thrown late/,
  ],
  'syntax.mjs': ['const = 1', /SyntaxError/],
  'empty.mjs': ['', /printed no result/],
  'exits.mjs': [`${IMPORT}t.pass('a'); process.on('exit', () => { process.exitCode = 3 })`, /ended with 3/],
  'killed.mjs': [`${IMPORT}t.pass('a'); process.kill(process.pid, 'SIGKILL')`, /ended with SIGKILL/],
  'todo.mjs': [`${IMPORT}t.todo('not yet')`, /not ok/],
}

t.test('files that pass are counted, and the exit code is 0', async (t) => {
  const folder = t.testdir({ 'good.mjs': GOOD, 'more.mjs': GOOD })
  const { code, out } = await run(['good.mjs', 'more.mjs'].map((file) => join(folder, file)))
  t.equal(code, 0, out)
  t.match(out, /^2 skipped\n6 passed, 0 failed\n$/m)
})

t.test('a file that fails in any way is named with its reason, and fails the run', async (t) => {
  const folder = t.testdir(Object.fromEntries(Object.entries(BAD).map(([name, [text]]) => [name, text])))
  const ran = await Promise.all(Object.keys(BAD).map((name) => run([join(folder, name)])))
  for (const [at, [name, [, said]]] of Object.entries(BAD).entries()) {
    const { code, out } = ran[at]!
    t.equal(code, 1, name)
    t.match(out, new RegExp(`^not ok +[0-9.]+ s  .*${name}`, 'm'), name)
    t.match(out, said, name)
    t.notMatch(out, /^ *ok \d/m, 'without what passed')
    t.notMatch(out, /, 0 failed/, name)
  }
})
