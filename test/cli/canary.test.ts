import t from 'tap'
import { run } from './turnout.ts'

const CANARY = 'canary0sesame'

/** A file whose every secret is there, and wrong in the way that people get it wrong. */
const CONFIG = `
server: { port: 0 }
backends:
  - { name: a, kind: openai, key: 'sk ${CANARY}' }
  - { name: b, kind: vllm, url: 'http://me:${CANARY}@gpu:8000' }
  - { name: c, kind: vllm, url: 'http://gpu:8000/?token=${CANARY}' }
keys: [{ id: k, hash: '${CANARY}' }]
budgets: [{ name: day, of: key, per: day, usd: 1, webhook: 'hooks.example.com/${CANARY}' }]
store: { redis: ['redis://:${CANARY}@host'] }
admin: { token: '${CANARY}' }
telemetry: { endpoint: 'ftp://me:${CANARY}@host', headers: { authorization: "${CANARY}\\n" } }
`

t.test('no command repeats a secret of a configuration that it refuses', async (t) => {
  const cwd = t.testdir({ 'turnout.yaml': CONFIG, 'request.json': '{"model":"auto","messages":[]}', log: '' })
  for (const args of [
    ['check'],
    ['serve'],
    ['state'],
    ['ledger'],
    ['sessions', '--token', CANARY],
    ['key', 'list'],
    ['explain', 'request.json', '--key', CANARY],
    ['replay', '--against', 'turnout.yaml', 'log'],
  ]) {
    const { code, out, err } = await run(args, { cwd })
    t.equal(code, 1, args.join(' '))
    t.match(err, /admin\.token: is not "sha256:"/, args.join(' '))
    t.notMatch(out + err, CANARY, args.join(' '))
  }
})

t.test('no command repeats a secret of an address or an option that it cannot use', async (t) => {
  const cwd = t.testdir({ 'request.json': '{"model":"auto","messages":[]}' })
  for (const args of [
    ['explain', 'request.json', '--url', `me:${CANARY}@host`],
    ['explain', 'request.json', '--url', `http://me:${CANARY}@127.0.0.1:9`],
    ['explain', 'request.json', `--kye=${CANARY}`],
    ['sessions', '--url', `//me:${CANARY}@host`, '--token', 'x'],
    ['sessions', '--url', `http://me:${CANARY}@127.0.0.1:9/?t=${CANARY}`, '--token', CANARY],
    ['sessions', `--tokn=${CANARY}`],
  ]) {
    const { code, out, err } = await run(args, { cwd })
    t.ok(code === 1 || code === 2, `${args.join(' ')}: ${code}`)
    t.not(err, '')
    t.notMatch(out + err, CANARY, args.join(' '))
  }
})
