import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { KeySpec } from '../../src/core/principal.ts'
import { changeKeyFile, readKeyFile, textOf } from '../../src/keys/key-file.ts'
import type { KeyFileEvent } from '../../src/core/events.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { holderOf, keyring } from '../../src/keys/keyring.ts'
import { hashOf } from '../../src/keys/secret.ts'
import type { StoredKey } from '../../src/keys/stored-key.ts'
import { eventually } from '../support/await.ts'
import { KEY } from '../support/factories.ts'
import { pick, seeded } from '../support/random.ts'
import { storedKey } from './stored.ts'

// Files of keys that others can write are refused.
process.umask(0o077)

const FIXED: KeySpec = { ...KEY, id: 'fixed', hash: hashOf('sk-fixed'), rpm: 5 }

interface Opened {
  readonly keys: KeyStore
  readonly path: string
  readonly told: KeyFileEvent[]
  readonly changes: () => number
}

async function opened(t: Test, path = join(t.testdir({}), 'keys.json'), fixed = [FIXED]): Promise<Opened> {
  const told: KeyFileEvent[] = []
  let changes = 0
  const keys = new KeyStore({
    fixed,
    file: path,
    routes: ['coding', 'chat'],
    emit: (event) => told.push(event),
    onChange: () => changes++,
  })
  await keys.load()
  t.teardown(() => keys.stop())
  return { keys, path, told, changes: () => changes }
}

const idOf = (keys: KeyStore, token: string): string | null => {
  const found = keys.find(token)
  return found === null || typeof found === 'string' ? found : found.key.id
}

t.test('a key that is made can be used at once, with all that was said of it', async (t) => {
  const { keys, path, changes } = await opened(t)
  const { secret, key } = await keys.create({
    id: 'ci',
    team: 'blue',
    user: 'ann',
    labels: { cost: '7' },
    routes: ['coding', 'default'],
    rpm: 60,
    tpm: 1000,
    parallel: 3,
    budget: { usd: 5, per: 'day' },
    expires: '2099-01-31',
  })
  t.match(secret, /^sk-turnout-[\w-]{43}$/)
  t.match(key, { id: 'ci', state: 'active', source: 'file', scope: 'inference', expires: '2099-01-31T00:00:00.000Z' })
  t.match(keys.find(secret), {
    scope: 'inference',
    key: {
      id: 'ci',
      team: 'blue',
      user: 'ann',
      labels: { cost: '7' },
      routes: ['coding', 'default'],
      rpm: 60,
      expiresAt: Date.UTC(2099, 0, 31),
      budgets: [
        { name: 'key-tokens', of: 'key', ids: ['ci'], per: 'minute', tokens: 1000 },
        { name: 'key-parallel', parallel: 3 },
        { name: 'key-usd', per: 'day', nanoUsd: 5e9 },
      ],
    },
  })
  t.equal(changes(), 1)
  t.equal(idOf(keys, 'sk-fixed'), 'fixed')
  const text = await readFile(path, 'utf8')
  t.notOk(text.includes(secret) || text.includes(secret.slice(11)), 'only its hash is kept')
  t.ok(text.includes(hashOf(secret)))
  t.notOk(JSON.stringify(keys.list()).includes(hashOf(secret)), 'which nobody is shown')
  const again = await opened(t, path)
  t.equal(idOf(again.keys, secret), 'ci', 'after a restart too')
})

t.test('what is wrong is told with its field and what to write; nothing is made', async (t) => {
  const { keys, path } = await opened(t)
  for (const [input, message] of [
    [{}, /^id: is missing; write a text/],
    [null, /the whole of it: is empty; write a map/],
    [[], /is a list; write a map/],
    [{ id: 'a b' }, /^id: "a b" is not a name/],
    [{ id: 'a', rpm: 0 }, /^rpm: 0 is less than 1/],
    [{ id: 'a', rpm: 1.5 }, /^rpm: 1.5/],
    [{ id: 'a', rmp: 1 }, /^rmp: there is no such field; did you mean `rpm`\?/],
    [{ id: 'a', hash: 'sha256:00' }, /^hash: there is no such field/],
    [{ id: 'a', secret: 'mine' }, /^secret: there is no such field/],
    [{ id: 'a', scope: 'admin' }, /^scope: "admin" is not one of inference, read/],
    [{ id: 'a', budget: { usd: 5 } }, /^budget\.per: is missing|budget\.per/],
    [{ id: 'a', budget: { usd: -1, per: 'day' } }, /^budget\.usd: -1 is negative/],
    [{ id: 'a', routes: [] }, /^routes: is empty/],
    [{ id: 'a', routes: ['codin'] }, /^routes: there is no route "codin"; did you mean "coding"\?/],
    [{ id: 'a', expires: 'soon' }, /^expires: "soon" is not a date/],
    [{ id: 'a', expires: '2020-01-01' }, /^expires: "2020-01-01" is past/],
    [{ id: 'a', labels: { b: 1 } }, /^labels\.b: 1 is a number; write a text/],
    [JSON.parse('{"id":"a","__proto__":{"rpm":1}}') as object, /no such field/],
    [{ id: 'fixed' }, /Key "fixed" is in the configuration/],
  ] as const)
    await t.rejects(keys.create(input), { name: 'Error', message }, JSON.stringify(input))
  t.strictSame((await readKeyFile(path)).keys, [])
})

t.test('ids are used once', async (t) => {
  const { keys } = await opened(t)
  await keys.create({ id: 'a' })
  await t.rejects(keys.create({ id: 'a' }), { status: 409, message: /There is a key "a" already/ })
  await keys.revoke('a')
  await t.rejects(keys.create({ id: 'a' }), { status: 409, message: /was revoked/ })
  for (const done of [keys.revoke('a'), keys.rotate('a'), keys.change('a', { rpm: 1 })] as Promise<unknown>[])
    await t.rejects(done, { status: 409, message: /for good/ })
  for (const id of ['b', '__proto__', 'constructor', '']) await t.rejects(keys.revoke(id), { code: 'not_found' }, id)
  for (const done of [
    keys.revoke('fixed'),
    keys.rotate('fixed'),
    keys.change('fixed', { rpm: 1 }),
  ] as Promise<unknown>[])
    await t.rejects(done, { status: 409, message: /is in the configuration/ })
})

t.test('a change counts at once, null takes a field back', async (t) => {
  const { keys } = await opened(t)
  const { secret } = await keys.create({ id: 'a', rpm: 5, routes: ['coding'], scope: 'read', labels: { a: 'b' } })
  const key = await keys.change('a', { rpm: 9, routes: null, scope: null, labels: null, tpm: 7 })
  t.match(key, { rpm: 9, routes: null, scope: 'inference', labels: {}, tpm: 7, changed_at: String })
  t.match(keys.find(secret), { scope: 'inference', key: { rpm: 9, routes: null, budgets: [{ tokens: 7 }] } })
  await t.rejects(keys.change('a', {}), { message: /Nothing is to change; name one of scope, rpm/ })
  await t.rejects(keys.change('a', { id: 'b' }), { message: /^id: there is no such field/ })
})

t.test('rotation: the new secret counts at once, the old one as long as was said', async (t) => {
  const { keys } = await opened(t)
  const first = await keys.create({ id: 'a' })
  const second = await keys.rotate('a', { grace: '1h' })
  t.same([idOf(keys, first.secret), idOf(keys, second.secret)], ['a', 'a'])
  t.match(second.key, { rotated_at: String, grace_until: String })
  const third = await keys.rotate('a', { grace: '150ms' })
  t.equal(idOf(keys, first.secret), null, 'no more than one before it is good')
  await eventually(2_000, 'the end of the grace', () => idOf(keys, second.secret) !== 'a')
  t.match(idOf(keys, second.secret), /This secret of key "a" was replaced/)
  t.equal(idOf(keys, third.secret), 'a')
  const last = await keys.rotate('a')
  t.same([idOf(keys, third.secret), idOf(keys, last.secret)], [null, 'a'], 'no grace: the old one ends at once')
  for (const grace of ['soon', '', '-1h', 5])
    await t.rejects(keys.rotate('a', { grace }), { message: /^grace: / }, String(grace))
})

t.test('why a key is no longer good is told to who has its secret, and to nobody else', async (t) => {
  const { keys } = await opened(t)
  const { secret } = await keys.create({ id: 'a' })
  await keys.revoke('a')
  t.equal(idOf(keys, secret), 'Key "a" was revoked.')
  for (const other of [hashOf(secret), `sha256:${hashOf(secret)}`, secret.slice(0, -1), `${secret}x`, 'a', ''])
    t.equal(keys.find(other), null, other)
})

t.test('expiry, to the millisecond; keys of the configuration too', async (t) => {
  const at = Date.parse('2027-01-01T00:00:00.000Z')
  const ring = keyring([{ ...FIXED, expiresAt: at }], [storedKey('a', 'sk-a', { expires: '2027-01-01T00:00:00.000Z' })])
  for (const token of ['sk-a', 'sk-fixed']) {
    t.match(holderOf(ring, token, at - 1), { key: { expiresAt: at } })
    t.match(holderOf(ring, token, at), /expired at 2027-01-01T00:00:00.000Z/)
  }
})

t.test('tokens: a common prefix, and noise', async (t) => {
  const prefix = 'p'.repeat(64)
  const ring = keyring([FIXED], [storedKey('one', `${prefix}-one`), storedKey('two', `${prefix}-two`)])
  t.match(holderOf(ring, `${prefix}-one`, 0), { key: { id: 'one' } })
  t.match(holderOf(ring, `${prefix}-two`, 0), { key: { id: 'two' } })
  t.equal(holderOf(ring, prefix, 0), null)
  const random = seeded(7)
  for (let i = 0; i < 3_000; i++) {
    const length = Math.floor(random() * 200)
    const token = Array.from({ length }, () =>
      String.fromCharCode(Math.floor(random() * (i % 2 === 0 ? 128 : 65_536))),
    ).join('')
    if (holderOf(ring, token, 0) !== null) t.fail(JSON.stringify(token))
  }
  for (const token of [
    "' OR 1=1 --",
    '__proto__',
    'constructor',
    FIXED.hash,
    FIXED.hash.toUpperCase(),
    '\0',
    'x'.repeat(1 << 20),
  ])
    t.equal(holderOf(ring, token, 0), null, token.slice(0, 40))
})

t.test('any sequence of changes: a restart knows exactly what the process knew', async (t) => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = seeded(seed)
    const { keys, path } = await opened(t, join(t.testdir({}), `${seed}`, 'keys.json'))
    const secrets = new Map<string, string>()
    for (let step = 0; step < 15; step++) {
      const id = pick(random, ['a', 'b', 'c', 'd'])
      const live = secrets.has(id)
      const roll = random()
      if (!live && !keys.list().some((key) => key.id === id))
        secrets.set(id, (await keys.create({ id, rpm: 1 + step })).secret)
      else if (!live) continue
      else if (roll < 0.4)
        await keys.change(id, { tpm: 1 + step, budget: random() < 0.5 ? null : { usd: step / 7, per: 'hour' } })
      else if (roll < 0.8) secrets.set(id, (await keys.rotate(id)).secret)
      else {
        await keys.revoke(id)
        secrets.delete(id)
      }
    }
    const again = await opened(t, path)
    t.strictSame(again.keys.list(), keys.list(), `seed ${seed}`)
    t.strictSame(again.keys.specs, keys.specs)
    for (const [id, secret] of secrets) t.equal(idOf(again.keys, secret), id)
  }
})

t.test(
  'what another process writes counts within a second; a broken file changes nothing and is told once',
  async (t) => {
    const { keys, path, told, changes } = await opened(t)
    keys.start()
    const { secret } = await keys.create({ id: 'a' })
    const other = await opened(t, path)
    const made = await other.keys.create({ id: 'b' })
    await eventually(1_000, 'the key of the other', () => idOf(keys, made.secret) === 'b')
    await other.keys.revoke('b')
    await eventually(1_000, 'its end', () => /revoked/.test(idOf(keys, made.secret) ?? ''))
    t.match(told, [
      { event: 'keys_read', keys: 2 },
      { event: 'keys_read', keys: 2 },
    ])
    t.equal(changes(), 3)
    const whole = await readFile(path, 'utf8')
    for (const [text, why] of [
      [whole.slice(0, -9), /is not JSON/],
      ['', /is not JSON/],
      ['{"version":1,"keys":[{}]}', /keys\[0\]/],
    ] as const) {
      const before = told.length
      await writeFile(path, text)
      await eventually(1_000, 'word of it', () => told.length > before)
      t.match(told.at(-1), { event: 'keys_not_read', file: path, why })
      t.equal(idOf(keys, secret), 'a', 'the old keys stay')
      await t.rejects(keys.create({ id: 'c' }), { name: 'KeyFileError', message: why })
    }
    await rm(path)
    await eventually(1_000, 'word of it', () => /is gone/.test(told.at(-1)?.why ?? ''))
    t.equal(idOf(keys, secret), 'a')
    await t.rejects(
      keys.create({ id: 'c' }),
      { name: 'KeyFileError', message: /is gone/ },
      'a new file would end the others',
    )
    const count = told.length
    await writeFile(path, whole)
    await t.resolves(
      eventually(1_000, 'it is whole again', async () => {
        await keys.change('a', { rpm: 3 })
        return true
      }),
    )
    t.equal(told.length, count, 'nothing new in it, nothing told')
  },
)

t.test('a file that is opened to others while it is in use is not followed, and cannot be changed', async (t) => {
  const { keys, path, told } = await opened(t)
  const { secret } = await keys.create({ id: 'a' })
  keys.start()
  await chmod(path, 0o666)
  await eventually(1_000, 'word of it', () => told.length > 0)
  t.match(told, [{ event: 'keys_not_read', why: /mode 0666.*chmod 600 .*; the keys before it stay/ }])
  await writeFile(path, textOf([storedKey('thief', 'sk-thief')]))
  await eventually(1_000, 'word of it', () => told.length > 1)
  t.equal(idOf(keys, 'sk-thief'), null)
  t.equal(idOf(keys, secret), 'a')
  await t.rejects(keys.create({ id: 'b' }), { name: 'KeyFileError', message: /chmod 600/ })
  await chmod(path, 0o644)
  await eventually(1_000, 'that it is read again', () => told.some(({ event }) => event === 'keys_read'))
  t.match(told.at(-2), { event: 'keys_readable', why: /mode 0644/ })
})

t.test('keys of ids that the configuration has are ignored and told', async (t) => {
  const path = join(
    t.testdir({
      'keys.json': textOf([storedKey('fixed', 'sk-other'), storedKey('b', 'sk-b'), storedKey('c', 'sk-fixed')]),
    }),
    'keys.json',
  )
  const { keys, told } = await opened(t, path)
  t.match(told, [{ event: 'keys_ignored', ids: ['fixed'] }])
  t.equal(idOf(keys, 'sk-other'), null)
  t.equal(idOf(keys, 'sk-b'), 'b')
  t.equal(idOf(keys, 'sk-fixed'), 'fixed', 'a secret that both have is that of the configuration')
})

t.test('a gateway does not start with a file that it cannot read', async (t) => {
  const path = join(t.testdir({ 'keys.json': 'x' }), 'keys.json')
  await t.rejects(opened(t, path), { name: 'KeyFileError', message: 'is not JSON' })
})

t.test('two stores of one file that write at once lose nothing', async (t) => {
  const one = await opened(t)
  const two = await opened(t, one.path)
  await Promise.all(
    Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? one : two).keys.create({ id: `k${at}`, rpm: 1 + at })),
  )
  const { keys: stored } = await readKeyFile(one.path)
  t.strictSame(
    stored.map(({ id, rpm }) => `${id} ${rpm ?? ''}`).sort(),
    Array.from({ length: 40 }, (_, at) => `k${at} ${1 + at}`).sort(),
  )
})

t.test('without a file: callers need a key only where there are some', async (t) => {
  const without = (fixed: readonly KeySpec[]): KeyStore =>
    new KeyStore({ fixed, file: null, routes: [], emit: () => undefined })
  t.same(
    [without([]).required, without([FIXED]).required, (await opened(t, undefined, [])).keys.required],
    [false, true, true],
  )
  await t.rejects(without([]).create({ id: 'a' }), { status: 409, message: /store: \{ keys/ })
})

t.test('keys that were revoked long ago are forgotten when another is made; there is a most', async (t) => {
  const path = join(t.testdir({}), 'keys.json')
  const old = new Date(Date.now() - 91 * 86_400_000).toISOString()
  const young = new Date(Date.now() - 89 * 86_400_000).toISOString()
  await changeKeyFile(path, () => [
    storedKey('old', '1', { revoked_at: old }),
    storedKey('young', '2', { revoked_at: young }),
    storedKey('live', '3'),
  ])
  const { keys } = await opened(t, path)
  await keys.create({ id: 'new' })
  t.strictSame(
    keys.list().map(({ id }) => id),
    ['fixed', 'young', 'live', 'new'],
  )
  await changeKeyFile(path, () => Array.from({ length: 5_000 }, (_, at): StoredKey => storedKey(`k${at}`, `${at}`)))
  await t.rejects(keys.create({ id: 'more' }), { status: 409, message: /There are 5000 keys/ })
})
