import { spawn } from 'node:child_process'
import { chmodSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { blockWords, type Who } from '../../src/cli/store-places.ts'
import { NOWHERE, run } from './turnout.ts'

const BACKEND = 'backends: [{ name: up, kind: openai-compatible, url: "http://127.0.0.1:9", models: [one] }]\n'
/** As one line: messages are wrapped. */
const flat = (text: string): string => text.replace(/\s+/g, ' ')
const HERE: Who = { uid: 1000, data: '' }

t.test('what cannot be written is told with the place and the remedy', async (t) => {
  const place = { path: '/etc/turnout/data/ledger' }
  for (const [code, at, who, told] of [
    [
      'EROFS',
      '/etc/turnout',
      { uid: 1000, data: '/var/lib/turnout' },
      '/etc/turnout is on a file system that is read-only; name a path below /var/lib/turnout, or a relative one, which starts there',
    ],
    [
      'EROFS',
      '/etc',
      { uid: 1000, data: '/etc/turnout' },
      '/etc is on a file system that is read-only; mount a volume at /etc/turnout',
    ],
    ['EROFS', '/etc/turnout', HERE, '/etc/turnout is on a file system that is read-only; name a path elsewhere'],
    [
      'EACCES',
      '/etc/turnout',
      HERE,
      '/etc/turnout is closed to user 1000 (EACCES); type `chown 1000 /etc/turnout` as root, or name a path elsewhere',
    ],
    ['EPERM', 'C:\\data', { uid: null, data: '' }, 'C:\\data is closed to this user (EPERM); name a path elsewhere'],
    [
      'ENOTDIR',
      '/etc/turnout/data',
      HERE,
      '/etc/turnout/data is a file and not a folder; move it away, or name a path elsewhere',
    ],
  ] as const)
    t.equal(blockWords(place, { code, at }, who), `/etc/turnout/data/ledger cannot be written: ${told}`)
})

const STORE =
  'store: { ledger: ./data/ledger, state: ./data/state.json, keys: ./data/keys.json, answers: ./data/answers }\n'

t.test('the start is refused for each place that cannot be written', async (t) => {
  const cwd = t.testdir({ 'turnout.yaml': BACKEND + STORE, data: 'a file' })
  const { code, out, err } = await run(['serve', '--port', '0'], { cwd })
  t.equal(code, 1)
  t.equal(out, '', 'and nothing has begun')
  for (const [option, path] of [
    ['ledger', 'data/ledger'],
    ['state', 'data/state.json'],
    ['keys', 'data/keys.json'],
    ['answers', 'data/answers'],
  ] as const)
    t.match(
      flat(err),
      `store.${option}: ${join(cwd, path)} cannot be written: ${join(cwd, 'data')} is a file and not a folder`,
    )
})

t.test('a folder for data is where relative paths start, and what is kept without a configuration', async (t) => {
  const cwd = t.testdir({ 'turnout.yaml': BACKEND + STORE, empty: {}, kept: 'a file' })
  const env = { TURNOUT_DATA: join(cwd, 'kept'), ...NOWHERE }
  const configured = await run(['serve', '--port', '0'], { cwd, env })
  t.match(flat(configured.err), `store.ledger: ${join(cwd, 'kept/data/ledger')} cannot be written`)
  t.match(flat(configured.err), `mount a volume at ${join(cwd, 'kept')}`)

  const bare = await run(['serve', '--port', '0'], { cwd: join(cwd, 'empty'), env })
  t.equal(bare.code, 1)
  for (const place of [
    'store.ledger: ' + join(cwd, 'kept/data/ledger'),
    'store.state: ' + join(cwd, 'kept/data/state.json'),
  ])
    t.match(flat(bare.err), `${place} cannot be written`)
  t.notMatch(bare.err, 'store.keys', 'which would close it to everybody')
  const read = await run(['ledger'], { cwd: join(cwd, 'empty'), env })
  t.match(read.err, join(cwd, 'kept/data/ledger'), 'commands look there as well')
})

const isRoot = process.getuid?.() === 0

t.test(
  'a folder of another user is refused with the owner that it needs',
  { skip: isRoot ? false : 'needs root, to be somebody else' },
  async (t) => {
    const cwd = t.testdir({ 'turnout.yaml': `${BACKEND}store: { ledger: ./closed/ledger }\n`, closed: {} })
    chmodSync(cwd, 0o755)
    chmodSync(join(cwd, 'closed'), 0o755)
    const command = join(import.meta.dirname, '../../src/cli/turnout.js')
    t.ok(existsSync(command))
    const said = await new Promise<string>((done) => {
      const child = spawn(process.execPath, [command, 'serve', '--port', '0', '--config', join(cwd, 'turnout.yaml')], {
        cwd: '/',
        env: { PATH: process.env['PATH'] },
        uid: 65534,
        gid: 65534,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let text = ''
      child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
      child.on('close', () => done(flat(text)))
    })
    t.match(said, `store.ledger: ${join(cwd, 'closed/ledger')} cannot be written: `)
    t.match(said, `${join(cwd, 'closed')} is closed to user 65534 (EACCES)`)
    t.match(said, `type \`chown 65534 ${join(cwd, 'closed')}\` as root`)
  },
)

t.test('a file of keys that is only read needs no place to write', async (t) => {
  const cwd = t.testdir({
    'turnout.yaml': `${BACKEND}store: { keys: /proc/self/status }\nserver: { log_level: error }\n`,
  })
  // It is no file of keys, and that is what is told.
  const { err } = await run(['serve', '--port', '0'], { cwd })
  t.notMatch(err, 'cannot be written')
  t.match(err, 'store.keys: the file')
})
