import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { initFile } from '../../src/cli/init-file.ts'
import { findEngines, detect } from '../../src/backends/fleet/detect.ts'
import { parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'
import { json, startEngine } from '../fleet/engine-double.ts'
import { NOWHERE, run, start } from './turnout.ts'

const KEYS = { OPENAI_API_KEY: 'sk-secret-1', ANTHROPIC_API_KEY: 'sk-secret-2' }

const providers = await loadProviders()

t.test('it writes what is found, which check and serve take as it is', async (t) => {
  const cwd = t.testdir({})
  const { code, out, err } = await run(['init'], { cwd, env: { ...NOWHERE, ...KEYS } })
  t.equal(code, 0, err)
  t.match(out, /^found {2}openai +key from OPENAI_API_KEY$/m)
  t.match(out, /^wrote {2}turnout\.yaml\n\nnext:\n {2}turnout check {3}says .*\n {2}turnout serve {3}runs /m)
  const text = await readFile(join(cwd, 'turnout.yaml'), 'utf8')
  t.match(text, "key: '${ANTHROPIC_API_KEY}'")
  t.notMatch(text + out, 'secret')
  for (const line of text.split('\n')) t.ok(line.length <= 80, line)
  const checked = await run(['check'], { cwd, env: KEYS })
  t.equal(checked.code, 0, checked.err)
  t.match(checked.out, /turnout\.yaml: OK\n$/)
  const serving = start(['serve', '--port', '0'], { cwd, env: { ...NOWHERE, ...KEYS } })
  t.teardown(() => serving.child.kill('SIGKILL'))
  t.match(await serving.until(/listening on \S+\n/), /^configuration: .*turnout\.yaml$/m)
})

t.test('a file that is there is kept, unless it is to be replaced', async (t) => {
  const cwd = t.testdir({ 'mine.yaml': 'mine' })
  const kept = await run(['init', 'mine.yaml'], { cwd, env: NOWHERE })
  t.equal(kept.code, 1)
  t.equal(kept.err, 'turnout init: mine.yaml is there already; name another FILE, or add --force to replace it\n')
  t.equal(await readFile(join(cwd, 'mine.yaml'), 'utf8'), 'mine')
  const replaced = await run(['init', 'mine.yaml', '--force'], { cwd, env: NOWHERE })
  t.equal(replaced.code, 0)
  t.match(replaced.out, /^found no engine and no cloud key/)
  t.match(replaced.out, / turnout check mine\.yaml .*\n {2}turnout serve --config mine\.yaml /)
  t.equal((await run(['check', 'mine.yaml'], { cwd })).code, 0)
  const nowhere = await run(['init', 'no/such/folder.yaml'], { cwd, env: NOWHERE })
  t.equal(nowhere.code, 1)
  t.equal(nowhere.err, 'turnout init: no/such/folder.yaml cannot be written: there is no such folder; make it first\n')
})

t.test('engines stand in it with their addresses, and keys they want by their variables', async (t) => {
  const engine = await startEngine({
    'GET /v1/models': json({ data: [{ id: 'm', object: 'model', owned_by: 'vllm' }] }),
  })
  t.teardown(() => engine.close())
  const keyed = new Map(providers).set('vllm', { ...providers.get('vllm')!, keyEnv: 'VLLM_KEY' })
  const env = { VLLM_KEY: 'sk-secret-3' }
  const found = await findEngines({ providers: keyed, env, ports: { vllm: [engine.port] } })
  const text = initFile(found, keyed)
  t.match(text, `  - name: vllm\n    kind: vllm\n    url: '${engine.root}'\n    key: '\${VLLM_KEY}'\n`)
  t.notMatch(text, 'secret')
  const { config } = parseConfig(text, env, keyed)
  t.match(config.backends, [{ name: 'vllm', root: engine.root, key: 'sk-secret-3' }])
})

/** With each example in force. */
const uncommented = (text: string): string => text.replaceAll(/^( *)# ((?:- |  +)?[\w-]+:.*|  +.*)$/gm, '$1$2')

t.test('every example in it holds when it is uncommented', async (t) => {
  for (const env of [{}, { OPENAI_API_KEY: 'sk-secret-1' }]) {
    const found = await detect({ providers, env, ports: {} })
    const text = uncommented(initFile(found, providers))
    const { config, warnings } = parseConfig(text, { OPENAI_API_KEY: 'x' }, providers)
    t.strictSame(
      config.routes.map(({ name }) => name),
      ['default', 'private'],
    )
    t.strictSame(
      config.budgets.map(({ name }) => name),
      ['a-day', 'each-team'],
    )
    t.match(config.store, { ledger: { keepMs: Number }, keys: String, state: String })
    t.ok(config.backends.some(({ name }) => name === 'openai'))
    t.strictSame(warnings, [])
  }
})
