import t from 'tap'
import { load, refusal } from './load.ts'

const BASE = 'backends: [{ name: a, kind: vllm, url: "http://127.0.0.1:9" }]\n'
const ROUTES = 'routes: [{ name: r, candidates: ["a/*"], match: { key: [made-later] } }]\n'

t.test('a file of keys shuts the door, and its keys may be named in routes', async (t) => {
  t.equal(refusal(`${BASE}server: { host: 0.0.0.0 }\nstore: { keys: ./keys.json }`), '')
  t.equal(load(`${BASE}store: { keys: ./keys.json }\n${ROUTES}`).config.routes[0]?.match?.key?.[0], 'made-later')
  t.match(refusal(`${BASE}${ROUTES}`), /there is no key "made-later"/)
  t.match(refusal(`${BASE}store: { keys: "\${NONE:-}" }\n${ROUTES}`), /there is no key "made-later"/)
  t.match(refusal(`${BASE}server: { host: 0.0.0.0 }\nstore: { keys: "\${NONE:-}" }`), /^server\.host: .*`store\.keys`/)
})

t.test('while the file of keys cannot be read from the configuration, nothing is concluded from it', async (t) => {
  for (const store of ['store: 5', 'store: { kesy: ./keys.json }', 'store: { keys: 5 }'])
    t.notMatch(refusal(`${BASE}server: { host: 0.0.0.0 }\n${store}`), /server\.host/, store)
})
