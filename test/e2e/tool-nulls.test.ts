/** Simon Willison's `llm` writes `"description": null` for a function without a docstring, which llama.cpp refuses. */
import t from 'tap'
import { members } from '../../src/formats/json/members.ts'
import { refusesNulls, toolsText, withoutNulls } from '../../src/formats/tool-nulls.ts'
import { missing, startLlama } from '../support/engines.ts'
import { failing } from '../support/fault-plan.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { gatewayFor } from '../support/rig.ts'

const REFUSAL =
  'Failed to parse tools: [json.exception.type_error.302] type must be string, but is null; tools = [\n  {\n    "type": "function"'

const PARAMETERS = { type: 'object', properties: { command: { type: 'string', default: null } }, required: ['command'] }
const TOOLS = [{ type: 'function', function: { name: 'bash', description: null, parameters: PARAMETERS } }]
const PLAIN = [{ type: 'function', function: { name: 'bash', parameters: PARAMETERS } }]

t.test('members of tools that are null are left out, and nothing of their schemas', async (t) => {
  t.strictSame(JSON.parse(withoutNulls(JSON.stringify(TOOLS))), PLAIN)
  t.strictSame(JSON.parse(withoutNulls(JSON.stringify([{ type: 'custom', custom: null }, 'x']))), [
    { type: 'custom' },
    'x',
  ])
  t.equal(withoutNulls('null'), 'null')
  const raw = Buffer.from(JSON.stringify({ model: 'm', tools: TOOLS }))
  t.strictSame(JSON.parse(toolsText(raw, members(raw) ?? []) ?? ''), TOOLS)
  t.equal(toolsText(Buffer.from('{}'), []), null)
})

t.test('a refusal of nulls is told from others, and from what callers write', async (t) => {
  t.equal(refusesNulls(REFUSAL), true)
  for (const other of [
    'Failed to parse tools: missing field "name"',
    'Failed to parse tools: [json.exception.type_error.302] type must be string, but is number; tools = [{"description": "it is null"}]',
    'The value is null.',
  ])
    t.equal(refusesNulls(other), false, other)
})

const ask = async (url: string, model: string): Promise<{ status: number; text: string }> => {
  const body = { model, messages: [{ role: 'user', content: 'Hello' }], tools: TOOLS, max_tokens: 50 }
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, text: await answer.text() }
}

t.test('a backend that refuses them is asked without them, from then on at once', async (t) => {
  const upstream = await startFaultUpstream({
    models: ['tiny'],
    rule: ({ bytes }) =>
      bytes.includes('"description":null') ? failing(400, { message: REFUSAL, code: 400 }) : undefined,
  })
  t.teardown(() => upstream.close())
  const gateway = await gatewayFor(t, {
    backends: [{ name: 'e', kind: 'openai-compatible', url: upstream.url, models: ['tiny'] }],
  })
  t.equal((await ask(gateway.url, 'tiny')).status, 200)
  t.equal((await ask(gateway.url, 'tiny')).status, 200)
  t.strictSame(
    upstream.requests.map(({ json }) => json?.['tools']),
    [TOOLS, PLAIN, PLAIN],
  )
})

t.test('llama.cpp takes them', { skip: missing('llama') }, async (t) => {
  const engine = await startLlama()
  t.teardown(() => engine.stop())
  const gateway = await gatewayFor(t, { backends: [{ name: 'e', kind: 'llamacpp', url: engine.url }] })
  const { status, text } = await ask(gateway.url, engine.model)
  t.equal(status, 200, text)
  t.match(text, /"name":"bash"/)
})
