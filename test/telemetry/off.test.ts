import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'

const SCRIPT = `
import { createRequire } from 'node:module'
import { parseConfig } from '${new URL('../../src/config/load.js', import.meta.url).href}'
import { loadProviders } from '${new URL('../../src/config/providers.js', import.meta.url).href}'
import { createApp } from '${new URL('../../src/app.js', import.meta.url).href}'
const text = process.argv[1]
const app = await createApp({ config: parseConfig(text, {}, await loadProviders()).config, logTo: { write: () => undefined } })
await app.listen()
await app.close()
const loaded = Object.keys(createRequire(import.meta.url).cache)
console.log(JSON.stringify({
  sdk: loaded.filter((path) => /@opentelemetry.(sdk|otlp|resources|core)/.test(path)).length,
  others: loaded.length,
}))
`

const CONFIG =
  'server: { host: 127.0.0.1, port: 0 }\nbackends: [{ name: a, kind: openai-compatible, url: "http://127.0.0.1:9/v1", models: [m] }]\n'

async function loaded(config: string): Promise<{ sdk: number; others: number }> {
  const args = ['--input-type=module', '-e', SCRIPT, config]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
  return JSON.parse(stdout) as { sdk: number; others: number }
}

t.test('OpenTelemetry is loaded only where the configuration asks for it', async (t) => {
  const off = await loaded(CONFIG)
  t.equal(off.sdk, 0)
  t.ok(off.others > 50, 'the list of modules is seen')
  const on = await loaded(`${CONFIG}telemetry: { endpoint: "http://127.0.0.1:9" }\n`)
  t.ok(on.sdk > 10, `${on.sdk} modules`)
})
