import { resolve } from 'node:path'
import t from 'tap'
import { nearFile } from '../../src/config/file-text.ts'
import { findConfig } from '../../src/config/load.ts'
import { load, refusal } from './load.ts'

t.test('the file that is asked for, then TURNOUT_CONFIG, then the one in the folder', async (t) => {
  const cwd = t.testdir({ 'turnout.yaml': '' })
  const env = { TURNOUT_CONFIG: 'env.yaml' }
  t.equal(await findConfig('given.yaml', env, cwd), resolve(cwd, 'given.yaml'))
  t.equal(await findConfig(undefined, env, cwd), resolve(cwd, 'env.yaml'), 'also where it is not there')
  t.equal(await findConfig(undefined, { TURNOUT_CONFIG: '' }, cwd), resolve(cwd, 'turnout.yaml'))
  t.equal(await findConfig('/etc/given.yaml', env, cwd), '/etc/given.yaml')
})

t.test('a file whose name is nearly the one that is read is found, and no other', async (t) => {
  for (const [name, found] of [
    ['turnout.yml', true],
    ['Turnout.yaml', true],
    ['turnuot.yaml', true],
    ['turnout.json', true],
    ['tsconfig.json', false],
    ['turnout.txt', false],
    ['compose.yaml', false],
  ] as const)
    t.equal(await nearFile(resolve(t.testdir({ [name]: '' }), 'turnout.yaml')), found ? name : null, name)
  t.equal(await nearFile('/nowhere/turnout.yaml'), null)
})

t.test('TURNOUT_AUTH=none opens the door, and nothing else does', async (t) => {
  const yaml = 'server: { host: 0.0.0.0 }\nbackends: [{ name: a, kind: openai, key: k }]'
  t.match(refusal(yaml), /^server\.host: /)
  t.match(refusal(yaml, { TURNOUT_AUTH: 'keys' }), /^server\.host: /)
  t.equal(refusal(yaml, { TURNOUT_AUTH: 'none' }), '')
  t.equal(load(yaml.replace('host: 0.0.0.0', 'host: "::", auth: none')).config.server.auth, 'none')
})

t.test('a key with a wrong hash is not told as no key', async (t) => {
  const yaml =
    'server: { host: 0.0.0.0 }\nbackends: [{ name: a, kind: openai, key: k }]\nkeys: [{ id: a, hash: wrong }]'
  t.match(refusal(yaml), /^keys\[0\]\.hash: [^\n]*$/)
})
