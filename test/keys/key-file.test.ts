import { fork } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { PERIODS } from '../../src/core/budget.ts'
import { changeKeyFile, KeyFileError, readKeyFile, textOf } from '../../src/keys/key-file.ts'
import { hashOf } from '../../src/keys/secret.ts'
import { fieldsOf } from '../../src/core/options/option.ts'
import { MADE_KEY_OPTIONS, SCOPES } from '../../src/core/options/options.ts'
import type { StoredKey } from '../../src/keys/stored-key.ts'
import { pick, seeded } from '../support/random.ts'
import { storedKey } from './stored.ts'

// Files of keys that others can write are refused.
process.umask(0o077)

const WRITER = fileURLToPath(new URL('./writer.js', import.meta.url))

const LETTERS = ['a', 'Z', '9', ' ', '"', '\\', '/', 'é', '\u2028', '😀', '.', '-', '_', '\n']

/** Any key that can be. */
function anyKey(random: () => number, id: string): StoredKey {
  const some = <T>(value: () => T): T | null => (random() < 0.5 ? null : value())
  const text = (): string => Array.from({ length: 1 + Math.floor(random() * 12) }, () => pick(random, LETTERS)).join('')
  const moment = (): string => new Date(Math.floor(random() * 4e12)).toISOString()
  const count = (): number => 1 + Math.floor(random() * 1e9)
  return {
    id,
    ...fieldsOf(MADE_KEY_OPTIONS),
    team: some(text),
    user: some(text),
    labels: Object.fromEntries(Array.from({ length: Math.floor(random() * 4) }, () => [text(), text()])),
    routes: some(() => [text(), text()]),
    scope: pick(random, SCOPES),
    rpm: some(count),
    tpm: some(count),
    parallel: some(count),
    budget: some(() => ({ usd: random() * 1e6, per: pick(random, PERIODS) })),
    clamp: random() < 0.5,
    expires: some(moment),
    secrets: [
      { hash: hashOf(`${id} ${random()}`), until: null },
      ...(random() < 0.5 ? [] : [{ hash: hashOf(`old ${id} ${random()}`), until: moment() }]),
    ],
    created_at: moment(),
    changed_at: some(moment),
    rotated_at: some(moment),
    revoked_at: some(moment),
  }
}

t.test('what is written is what is read, whatever it is', async (t) => {
  const path = join(t.testdir({}), 'not', 'yet', 'keys.json')
  for (let seed = 1; seed <= 60; seed++) {
    const random = seeded(seed)
    const keys = Array.from({ length: Math.floor(random() * 6) }, (_, at) => anyKey(random, `key-${at}`))
    t.strictSame((await changeKeyFile(path, () => keys)).keys, keys, `seed ${seed}`)
    t.strictSame((await readKeyFile(path)).keys, keys, `seed ${seed}`)
  }
  t.strictSame(await readdir(join(path, '..')), ['keys.json'], 'no draft and no lock is left')
  t.equal((await stat(path)).mode & 0o777, 0o600)
})

t.test('no file: no keys', async (t) => {
  t.strictSame((await readKeyFile(join(t.testdir({}), 'keys.json'))).keys, [])
})

for (const [name, text, why] of [
  ['no JSON', '{"version":1,', /is not JSON/],
  ['empty', '', /is not JSON/],
  ['a list', '[]', /is not a key file/],
  ['another version', '{"version":2,"keys":[]}', /version is wrong/],
  [
    'a hash in clear',
    textOf([storedKey('a', 'x', { secrets: [{ hash: 'sk-turnout-x', until: null }] })]),
    /keys\[0\]\.secrets\[0\]\.hash is wrong/,
  ],
  ['a field of the future', textOf([{ ...storedKey('a', 'x'), more: 1 } as StoredKey]), /keys\[0\] is wrong/],
  ['an id twice', textOf([storedKey('a', 'x'), storedKey('a', 'y')]), /keys\[1\] is wrong/],
  ['a secret twice', textOf([storedKey('a', 'x'), storedKey('b', 'x')]), /keys\[1\] is wrong/],
] as const)
  t.test(`a file that cannot be used is refused, and left as it is: ${name}`, async (t) => {
    const path = join(t.testdir({ 'keys.json': text }), 'keys.json')
    await t.rejects(readKeyFile(path), { name: 'KeyFileError', message: why })
    await t.rejects(
      changeKeyFile(path, (keys) => keys),
      { message: why },
    )
    t.equal(await readFile(path, 'utf8'), text)
    t.strictSame(await readdir(join(path, '..')), ['keys.json'])
  })

t.test('a folder in its place, and a place that is none', async (t) => {
  const folder = t.testdir({ file: 'x' })
  await mkdir(join(folder, 'keys.json'))
  await t.rejects(readKeyFile(join(folder, 'keys.json')), { message: /cannot be read \(EISDIR\)/ })
  await t.rejects(
    changeKeyFile(join(folder, 'file', 'keys.json'), () => []),
    KeyFileError,
  )
})

t.test('a change that is refused leaves file and lock as they were', async (t) => {
  const path = join(t.testdir({}), 'keys.json')
  await changeKeyFile(path, () => [storedKey('a', 'x')])
  const refusing = changeKeyFile(path, () => {
    throw new Error('no')
  })
  await t.rejects(refusing, { message: 'no' })
  t.strictSame(
    (await readKeyFile(path)).keys.map(({ id }) => id),
    ['a'],
  )
  t.strictSame(await readdir(join(path, '..')), ['keys.json'])
})

t.test('four processes that add keys at once lose none', { timeout: 60_000 }, async (t) => {
  const path = join(t.testdir({}), 'keys.json')
  const writers = ['a', 'b', 'c', 'd'].map((name) => fork(WRITER, [path, name, '25']))
  const codes = await Promise.all(writers.map(async (writer) => ((await once(writer, 'exit')) as [number])[0]))
  t.strictSame(codes, [0, 0, 0, 0])
  t.equal((await readKeyFile(path)).keys.length, 100)
  t.strictSame(await readdir(join(path, '..')), ['keys.json'])
})

t.test('the lock of a writer that was killed is taken over', { timeout: 30_000 }, async (t) => {
  const path = join(t.testdir({ 'keys.json.lock': 'somebody who is gone' }), 'keys.json')
  await Promise.all(['a', 'b', 'c'].map((id) => changeKeyFile(path, (keys) => [...keys, storedKey(id, id)])))
  t.equal((await readKeyFile(path)).keys.length, 3)
  t.strictSame(await readdir(join(path, '..')), ['keys.json'])
})

t.test('a file that others can write is refused, to read and to change, and says what to do', async (t) => {
  for (const mode of [0o602, 0o620, 0o622, 0o660, 0o664, 0o666, 0o646, 0o777]) {
    const path = join(t.testdir({}), 'keys.json')
    await writeFile(path, textOf([storedKey('a', 'x')]))
    await chmod(path, mode)
    const message = new RegExp(`mode 0${mode.toString(8)}.*chmod 600 .*keys\\.json`)
    await t.rejects(readKeyFile(path), { name: 'KeyFileError', message })
    await t.rejects(
      changeKeyFile(path, () => []),
      { message },
    )
    await chmod(path, 0o600)
    t.equal((await readKeyFile(path)).keys.length, 1, 'as it was')
  }
})

t.test('a file that others can read is good, and is said to be open', async (t) => {
  const path = join(t.testdir({}), 'keys.json')
  await writeFile(path, textOf([]))
  for (const [mode, openMode] of [
    [0o600, null],
    [0o400, null],
    [0o640, '0640'],
    [0o644, '0644'],
    [0o604, '0604'],
  ] as const) {
    await chmod(path, mode)
    t.equal((await readKeyFile(path)).openMode, openMode)
  }
})

t.test('the folder and the file are made for their owner alone, whatever the umask', async (t) => {
  const before = process.umask(0)
  t.teardown(() => process.umask(before))
  const path = join(t.testdir({}), 'a', 'b', 'keys.json')
  await changeKeyFile(path, () => [storedKey('a', 'x')])
  const modes = await Promise.all(
    [path, join(path, '..'), join(path, '../..')].map(async (one) => (await stat(one)).mode & 0o777),
  )
  t.strictSame(modes, [0o600, 0o700, 0o700])
})

t.test('an open file is closed to others by the next change', async (t) => {
  const path = join(t.testdir({}), 'keys.json')
  await writeFile(path, textOf([]))
  await chmod(path, 0o644)
  await changeKeyFile(path, () => [storedKey('a', 'x')])
  t.equal((await stat(path)).mode & 0o777, 0o600)
})
