import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'

const MODULE = new URL('../../src/decision/catalogue/catalogue.js', import.meta.url).href
/** In a process of its own: what is loaded stays loaded. */
const PROGRAM = `
  import { createRequire } from 'node:module'
  import { catalogueOf } from ${JSON.stringify(MODULE)}
  const { cache } = createRequire(${JSON.stringify(import.meta.url)})
  const loaded = () => Object.keys(cache).some((file) => file.includes('genai-prices'))
  catalogueOf({ kind: 'vllm', priceList: null, serviceTiers: {} }, 'gpt-4o')
  const before = loaded()
  const { price } = catalogueOf({ kind: 'openai', priceList: 'openai', serviceTiers: {} }, 'gpt-4o')
  console.log(JSON.stringify({ before, after: loaded(), known: price !== null }))
`

t.test('the price lists of clouds are loaded by the first backend that has one', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM])
  t.same(JSON.parse(stdout), { before: false, after: true, known: true })
})
