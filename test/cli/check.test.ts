import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import t from 'tap'
import { run } from './turnout.ts'

const CONFIG = `
backends:
  - { name: gpu-a, kind: vllm, url: 'http://gpu-a:8000' }
  - { name: openai, kind: openai, key: '\${OPENAI_API_KEY}', models: [gpt-5-mini] }
routes:
  - { name: apps, strategy: ordered, candidates: ['gpu-a/*', 'openai/gpt-5-mini'] }
  - { name: private, candidates: ['openai/*'], limits: { local_only: true } }
keys:
  - { id: team, hash: 'sha256:${'ab'.repeat(32)}', rpm: 60, routes: [apps] }
`

t.test('check: a valid file', async (t) => {
  const cwd = t.testdir({ 'turnout.yaml': CONFIG })
  const { code, out, err } = await run(['check', 'turnout.yaml'], { cwd, env: { OPENAI_API_KEY: 'canary-secret' } })
  t.equal(code, 0, err)
  t.match(out, /^gpu-a +vllm +no key /m)
  t.match(out, /^openai +openai +key set +gpt-5-mini.* https:\/\/api\.openai\.com\/v1\/chat\/completions$/m)
  t.match(
    out,
    /^route apps\n {2}taken for {3}model "apps"\n {2}strategy {4}ordered: as written\n {2}candidates {2}gpu-a: all it lists\n {14}openai: gpt-5-mini\n\n/m,
  )
  t.match(out, /^route private\n(?: {2}.*\n)+? {2}candidates {2}NONE: no backend can have such a model\n/m)
  t.match(out, /^team +- +60 per minute +apps$/m)
  t.match(out, /turnout\.yaml: OK/)
  t.notMatch(out + err, /canary|abab/, 'neither keys nor hashes')
  t.notMatch(out, /[ \t]$/m, 'nothing at the ends of lines')
})

t.test('check: --config FILE and -c FILE are FILE, and one of them is enough', async (t) => {
  const cwd = t.testdir({ 'mine.yaml': CONFIG })
  const env = { OPENAI_API_KEY: 'k' }
  const { out } = await run(['check', 'mine.yaml'], { cwd, env })
  t.match(out, /mine\.yaml: OK/)
  for (const flag of ['--config', '-c']) {
    t.equal((await run(['check', flag, 'mine.yaml'], { cwd, env })).out, out)
    const { code, err } = await run(['check', flag, 'mine.yaml', 'mine.yaml'], { cwd, env })
    t.equal(code, 2)
    t.match(err, /^turnout check: FILE and --config name the same: leave out one$/m)
  }
})

t.test('check: columns begin below each other', async (t) => {
  const cwd = t.testdir({ 'turnout.yaml': CONFIG })
  const { out } = await run(['check'], { cwd, env: { OPENAI_API_KEY: 'k' } })
  const [head = '', ...rows] = out.split('\n\n')[0]?.split('\n') ?? []
  t.equal(rows.length, 2)
  for (const column of ['kind', 'credentials', 'models'])
    for (const row of rows) t.match(row.slice(head.indexOf(column) - 2), /^ {2}\S/, `${column}: ${row}`)
})

t.test('check: a wrong file is 1, with the file and the path; nothing on standard output', async (t) => {
  const cwd = t.testdir({ 'mine.yaml': CONFIG })
  const { code, out, err } = await run(['check', '--strict', 'mine.yaml'], { cwd })
  t.equal(code, 1)
  t.equal(out, '')
  t.match(err, /^mine\.yaml:4:40: backends\[1\]\.key: the variable OPENAI_API_KEY is not set; set\n {2}it, or write /)
  t.match(err, /^ {2}4 \| .* key: '\$\{OPENAI_API_KEY\}', .*\n {4}\| +\^{19}$/m, 'the line, with a mark')
  t.notMatch(err, /^ +at /m, 'no stack')
})

t.test('check: a file that is not there, a folder, and no file', async (t) => {
  const cwd = t.testdir({})
  const missing = await run(['check', 'nope.yaml'], { cwd })
  t.equal(missing.code, 1)
  t.match(missing.err, /^nope\.yaml: cannot be read: there is no such file; write the path of one, or/)
  t.match(await run(['check', '.'], { cwd }), {
    code: 1,
    err: /^ *is a folder; add the name of the file in it, like\s+\S+\/turnout\.yaml$/m,
  })
  await writeFile(join(cwd, 'nope.yml'), '')
  t.match((await run(['check', 'nope.yaml'], { cwd })).err, /there is no such file; did you mean nope\.yml\?$/m)
  const wrong = await run(['check', '--what'], { cwd })
  t.equal(wrong.code, 2)
  t.match(wrong.err, /^turnout check: there is no flag --what\nusage: turnout check \[FILE\] \[--strict\]/)
  t.equal((await run(['check', 'a', 'b'], { cwd })).code, 2)
  const named = await run(['check'], { cwd, env: { TURNOUT_CONFIG: '/none/mine.yaml' } })
  t.equal(named.code, 1)
  t.match(
    named.err.replace(/\s+/g, ' '),
    /mine\.yaml: TURNOUT_CONFIG: cannot be read: there is no such file; write the path of one, or leave it out $/,
  )
})

t.test('key new: the hash is of the key, and works as a configured one', async (t) => {
  const cwd = t.testdir({})
  const { code, out, err } = await run(['key', 'new'], { cwd })
  t.equal(code, 0)
  const [, key = '', hash = ''] = /^key +(\S+)\nhash +(\S+)\n$/.exec(out) ?? []
  t.match(key, /^sk-turnout-[\w-]{43}$/)
  t.equal(hash, `sha256:${createHash('sha256').update(key).digest('hex')}`)
  t.notOk(err.includes(key))
  t.not((await run(['key', 'new'], { cwd })).out, out, 'each is another')
})

t.test('key hash: the line end does not count, and no key is 1', async (t) => {
  const cwd = t.testdir({})
  const wanted = `sha256:${createHash('sha256').update('sesame').digest('hex')}\n`
  for (const input of ['sesame', 'sesame\n', 'sesame\r\n'])
    t.strictSame(await run(['key', 'hash'], { cwd, input }), { code: 0, out: wanted, err: '' })
  t.equal((await run(['key', 'hash'], { cwd, input: '\n' })).code, 1)
  const bare = await run(['key'], { cwd })
  t.equal(bare.code, 2)
  t.match(bare.err, /^turnout key: say what to do\n\nusage:\n {2}turnout key create /)
})

t.test('schema, version, help and what is none of them', async (t) => {
  const cwd = t.testdir({})
  const root = resolve(import.meta.dirname, '../../..')
  const { version } = JSON.parse(await readFile(resolve(root, 'package.json'), 'utf8')) as { version: string }
  t.strictSame(await run(['version'], { cwd }), { code: 0, out: `${version}\n`, err: '' })
  t.equal((await run(['schema'], { cwd })).out, await readFile(resolve(root, 'config/schema.json'), 'utf8'))
  const help = await run(['--help'], { cwd })
  t.equal(help.code, 0)
  t.match(help.out, /^ {2}serve +run the gateway$/m)
  t.strictSame(await run([], { cwd }), help)
  for (const [verb, meant] of [
    ['srve', '; did you mean "serve"?'],
    ['toString', ''],
    ['__proto__', ''],
  ] as const)
    t.strictSame(await run([verb], { cwd }), {
      code: 2,
      out: '',
      err: `turnout: there is no command "${verb}"${meant}\n\`turnout help\` lists the commands\n`,
    })
})

t.test('check: what can never serve is told', async (t) => {
  const cwd = t.testdir({
    'dead.yaml': "backends: [{ name: a, kind: azure, url: 'https://x.openai.azure.com', key: k }]",
    'lost.yaml': "backends: [{ name: gpu, kind: vllm, url: 'http://h' }]\nmodels: { gpv/y: { context: 5 } }",
  })
  const dead = await run(['check', 'dead.yaml'], { cwd })
  t.equal(dead.code, 1)
  t.match(dead.err, /backends\[0\]\.models: is missing; Azure/)
  const lost = await run(['check', 'lost.yaml'], { cwd })
  t.equal(lost.code, 0)
  t.match(lost.out, /^warning: models\["gpv\/y"\]: no backend is named "gpv".*did you mean "gpu"\?\n.*OK, 1 warning$/m)
})

t.test('check: a route in words', async (t) => {
  const cwd = t.testdir({
    'words.yaml': `
backends:
  - { name: gpu, kind: vllm, url: 'http://h', models: [qwen] }
  - { name: openai, kind: openai, key: k }
routes:
  - name: all
    match: { key: [k], class: [code, agent], needs: [tools, vision], tokens: { min: 5 }, hour: { from: 20, to: 6 }, header: { X-Team: 'a*' } }
    candidates: ['gpu/*']
    fallback: [openai/gpt-5, 'openai/*', nobody/x]
    strategy: { quality: 1, cost: 0.35 }
    explore: false
    limits: { max_cost_usd: 0.05, max_ttft: 2s, local_only: false }
    success: { finish: [stop, tool_calls], json: true }
    baseline: openai/gpt-5
  - { name: near, candidates: ['*'], strategy: { cheapest_within: 0.02 }, match: { model: ['gpt-*'] }, limits: { local_only: true } }
  - { name: default, candidates: ['*'] }
keys: [{ id: k, hash: 'sha256:${'ab'.repeat(32)}' }]
`,
  })
  const { code, out, err } = await run(['check', 'words.yaml'], { cwd })
  t.equal(code, 0, err)
  t.ok(
    out.includes(`
route all
  taken for   model "all"; or all of:
                model auto
                key k
                header x-team: a*
                class code or agent
                needs tools and vision
                input of at least 5 tokens
                from 20:00 to 06:00 UTC
  strategy    weights: quality 1, cost 0.35; never others than the best
  candidates  gpu: qwen, all it lists
  fallback    openai: gpt-5 if listed
              openai: all it lists
              (any): nobody/x if listed
  ceilings    expected at most: 0.05 USD for a request, 2s to the first token
  success     finish reason stop or tool_calls, JSON
  baseline    openai/gpt-5

route near
  taken for   model "near"; or model gpt-*
  strategy    the cheapest whose expected success is within 0.02 of the best; local hardware only
  candidates  gpu: qwen, all it lists

route default
  taken for   model "default", and auto where no other route is taken
  strategy    balanced
`),
    out,
  )
})

t.test('check: routes that others leave nothing to are warnings', async (t) => {
  const cwd = t.testdir({
    'shadow.yaml': `
backends: [{ name: gpu, kind: vllm, url: 'http://h' }]
routes:
  - { name: first, match: { model: [auto] }, candidates: ['*'] }
  - { name: second, match: { class: [code] }, candidates: ['*'] }
  - { name: default, candidates: ['*'] }
`,
  })
  const { code, out } = await run(['check', 'shadow.yaml'], { cwd })
  t.equal(code, 0)
  t.match(out, /^warning: routes\[1\]\.match is never fulfilled: route "first" comes before it and takes all of that$/m)
  t.match(out, /^warning: routes\[2\]\.name: `auto` never reaches this route: route "first" .*$/m)
  t.match(out, /OK, 2 warnings$/m)
})

t.test('check: where the ledger goes', async (t) => {
  const cwd = t.testdir({ 'turnout.yaml': `${CONFIG}store: { ledger: ./data, ledger_max: 2GiB }\n` })
  const { out } = await run(['check'], { cwd, env: { OPENAI_API_KEY: 'k' } })
  t.match(out, new RegExp(`^ledger in ${cwd}/data: kept 90d, at most 2GiB$`, 'm'))
})

t.test('check: the limits of backends, and how many keys they have', async (t) => {
  const cwd = t.testdir({
    'turnout.yaml': `backends:
  - { name: gpu, kind: vllm, url: 'http://10.0.0.5:8000', limits: { parallel: 8 } }
  - { name: slots, kind: llamacpp, url: 'http://10.0.0.6:8080', limits: { queue: 16, queue_wait: 5s } }
  - { name: free, kind: vllm, url: 'http://10.0.0.7:8000' }
  - name: cloud
    kind: openai
    keys: ['\${ONE}', { key: '\${TWO}', name: spare, rpm: 500, tpm: 200000 }]
    limits: { rpm: 3000 }
`,
  })
  const env = { ONE: 'canary-secret-one', TWO: 'canary-secret-two' }
  const { code, out, err } = await run(['check', 'turnout.yaml'], { cwd, env })
  t.equal(code, 0, err)
  t.match(out, /^cloud +openai +2 keys set/m)
  t.match(out, /^gpu +- +8 at a time +64 for up to 30s$/m)
  t.match(out, /^slots +- +slots of the engine +16 for up to 5s$/m)
  t.match(out, /^cloud +each of 2 +3,000 calls\/min +64 for up to 30s$/m)
  t.match(out, /^cloud +spare +500 calls\/min, 200,000 tokens\/min +64 for up to 30s$/m)
  t.notMatch(out, /canary|^free +-/m)
  t.match((await run(['check', 'turnout.yaml'], { cwd, env: { ONE: 'x' } })).out, /^cloud +openai +key not set/m)
})

t.test(
  'check: the engines that the gateway starts: what runs them, their groups, and no argument of theirs',
  async (t) => {
    const cwd = t.testdir({
      'turnout.yaml': `backends:
  - name: small
    kind: llamacpp
    url: http://127.0.0.1:9001
    models: [a]
    engine: { command: [/opt/llama/llama-server, --api-key, canary-argument], ttl: 10m, group: gpu, memory: 6GiB }
  - name: large
    kind: openai-compatible
    url: http://127.0.0.1:9002
    models: [b]
    engine: { command: 'my-engine --port {port}', group: gpu, memory: 20GiB, start: 15m }
  - name: alone
    kind: vllm
    url: http://127.0.0.1:9003
    models: [c]
    engine: { command: [vllm, serve, c], group: cpu }
  - { name: other, kind: vllm, url: 'http://10.0.0.7:8000' }
engine_groups:
  gpu: { memory: 24GiB, turn: 1m }
`,
    })
    const { code, out, err } = await run(['check', 'turnout.yaml'], { cwd, env: {} })
    t.equal(code, 0, err)
    t.match(
      out,
      /^engine +program +group +memory +idle stop +start within\n(?:\S.*\n){3}\n?group +run at a time +memory +turn\n/m,
    )
    t.match(out, /^small +llama-server +gpu +6GiB +10m +\S+$/m)
    t.match(out, /^large +my-engine +gpu +20GiB +never +15m$/m)
    t.match(out, /^alone +vllm +cpu +- +never +\S+$/m)
    t.match(out, /^gpu +as many as fit +24GiB +1m$/m)
    t.match(out, /^cpu +1 +- +\S+$/m)
    t.notMatch(out, /canary|^other +vllm +-/m)
    const [, engines = ''] = /^(engine +program[^]*?)\n\n(?:no|route)/m.exec(out) ?? []
    t.equal(engines.split('\n').length, 8)
    t.ok(engines.split('\n').every((line) => line.length <= 80))
  },
)
