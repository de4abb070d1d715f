import t from 'tap'
import { answerFit } from '../../src/accounting/answer-fit.ts'
import { compileSchema } from '../../src/accounting/compile-schema.ts'
import type { CheckRequest } from '../../src/accounting/fit.ts'
import { answerSchema, Schemas, toolSchemas } from '../../src/accounting/schemas.ts'
import type { SchemaSource } from '../../src/core/prompt.ts'
import type { CheckResult } from '../../src/core/settlement.ts'

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
/** As OpenAI's form has them. */
const form = (value: unknown): SchemaSource => ({ json: bytes(value), holders: ['json_schema'], schema: 'schema' })
const toolList = (value: unknown): SchemaSource => ({
  json: bytes(value),
  holders: ['function', 'custom'],
  schema: 'parameters',
})
const schemas = new Schemas()

function fit(traits: Partial<CheckRequest>): CheckResult {
  return answerFit({ text: null, format: null, calls: [], tools: [], ...traits }, schemas)
}

const PERSON = {
  type: 'object',
  properties: { name: { type: 'string', format: 'no-such-format' }, age: { type: 'integer', minimum: 0 } },
  required: ['name'],
  additionalProperties: false,
  'x-unknown': { any: 'thing' },
}
const FORMAT = form({ type: 'json_schema', json_schema: { name: 'person', schema: PERSON, strict: true } })

t.test('an answer is JSON only where its whole text is JSON', async (t) => {
  t.equal(fit({ text: '{"a":1}' }), 'ok')
  t.equal(fit({ text: ' [1, 2]\n' }), 'ok')
  for (const text of ['', 'Sure! {"a":1}', '```json\n{}\n```', '{"a":1', "{'a':1}"])
    t.equal(fit({ text }), 'not_json', text)
  t.equal(fit({ text: '{"name":"Ada","age":36}', format: FORMAT }), 'ok')
  for (const text of ['{"age":1}', '{"name":"x","age":-1}', '{"name":"x","b":1}', '[]', 'null'])
    t.equal(fit({ text, format: FORMAT }), 'schema_mismatch', text)
  t.equal(fit({ text: 'x', format: FORMAT }), 'not_json')
  t.equal(fit({ text: '{"age":1}', format: form({ type: 'json_object' }) }), 'ok', 'no schema')
  t.equal(fit({ text: '{"age":1}', format: form({ type: 'json_object', schema: PERSON }) }), 'schema_mismatch')
})

const TOOLS = [
  toolList([
    { type: 'function', function: { name: 'find', parameters: PERSON } },
    { type: 'function', function: { name: 'now' } },
    { type: 'custom', custom: { name: 'sql' } },
    { name: 'flat', parameters: { type: 'object', required: ['x'] } },
    null,
  ]),
]

t.test('the arguments of a tool call are checked against the schema of their tool', async (t) => {
  const call = (name: string, args: string | null): CheckResult =>
    fit({ calls: [{ name, arguments: args }], tools: TOOLS })
  t.equal(call('find', '{"name":"Ada"}'), 'ok')
  t.equal(call('find', '{}'), 'arguments_mismatch')
  t.equal(call('find', ''), 'arguments_mismatch', 'nothing is an empty object')
  t.equal(call('find', '{"name":'), 'arguments_not_json')
  t.equal(call('now', ''), 'ok')
  t.equal(call('now', '{}'), 'ok')
  t.equal(call('now', 'x'), 'arguments_not_json')
  t.equal(call('sql', null), 'ok')
  t.equal(call('flat', '{}'), 'arguments_mismatch')
  t.equal(call('Find', '{}'), 'unknown_tool')
  t.equal(call('', '{}'), 'unknown_tool')
  t.equal(call('toString', '{}'), 'unknown_tool')
  const good = { name: 'now', arguments: '{}' }
  t.equal(fit({ calls: [good, { name: 'x', arguments: '{}' }], tools: TOOLS }), 'unknown_tool', 'all must fit')
  t.equal(fit({ calls: [good], tools: [toolList([]), ...TOOLS] }), 'ok', 'tools and functions')
  t.equal(fit({ calls: [good] }), 'unknown_tool')
})

t.test('a schema that cannot be used is no fault of the answer', async (t) => {
  const format = form({ json_schema: { schema: { $ref: 'https://example.com/elsewhere' } } })
  t.equal(fit({ text: '{}', format }), 'unchecked')
  t.equal(fit({ text: '{', format }), 'not_json')
  const tools = [
    toolList([{ function: { name: 'odd', parameters: { $ref: '#/nowhere' } } }, { function: { name: 'ok' } }]),
  ]
  const odd = { name: 'odd', arguments: '{}' }
  t.equal(fit({ calls: [odd], tools }), 'unchecked')
  t.equal(fit({ calls: [odd, { name: 'absent', arguments: '' }], tools }), 'unknown_tool', 'the fault speaks first')
})

t.test('what schemas there are', async (t) => {
  const accepts = (schema: unknown, value: unknown): boolean | null => compileSchema(schema)?.(value) ?? null
  t.equal(
    accepts(
      { $defs: { n: { type: 'object', properties: { next: { $ref: '#/$defs/n' } } } }, $ref: '#/$defs/n' },
      { next: { next: 1 } },
    ),
    false,
  )
  t.equal(accepts({ $ref: '#/definitions/a', definitions: { a: { type: 'string' } } }, 'x'), true)
  t.equal(accepts({ prefixItems: [{ type: 'string' }], items: false }, ['x', 1]), false, 'draft 2020-12')
  t.equal(accepts({ items: [{ type: 'string' }], additionalItems: false }, ['x', 1]), false, 'draft 7')
  t.equal(accepts({ $schema: 'http://json-schema.org/draft-07/schema#', type: 'string' }, 'x'), true)
  t.equal(accepts({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'string' }, 1), false)
  t.equal(accepts({ $schema: 'https://example.com/own', type: 'string' }, 1), false)
  t.equal(accepts({ type: 'string', format: 'date' }, 'no date'), true, 'formats are no conditions')
  t.equal(accepts({ type: 'string', pattern: '^[\\w-\\.]+$' }, 'a b'), false, 'a pattern that is none in Unicode mode')
  t.equal(accepts({ required: ['toString'] }, {}), false)
  t.equal(accepts({ type: 'string', nullable: true }, null), true)
  const proto: unknown = JSON.parse('{"properties":{"__proto__":{"type":"string"}}}')
  t.equal(accepts(proto, JSON.parse('{"__proto__":1}')), true, 'a name that ajv leaves alone')
  t.equal(accepts(true, 1), true)
  t.equal(accepts(false, 1), false)
  t.equal(accepts({ type: 'no-such-type' }, 1), null)
  t.equal(accepts({ $async: true, type: 'string' }, 1), null, 'no promises')
  for (const schema of ['text', 7, []]) t.equal(accepts(schema, 1), null)
  const twice = { $id: 'https://example.com/same', type: 'string' }
  t.strictSame([accepts(twice, 'x'), accepts({ ...twice, type: 'number' }, 'x')], [true, false], 'the same $id')
})

t.test('bounds of a schema', async (t) => {
  const nested = (depth: number): object => (depth === 0 ? {} : { not: nested(depth - 1) })
  t.ok(compileSchema(nested(60)))
  t.equal(compileSchema(nested(70)), null)
  t.equal(compileSchema({ enum: Array.from({ length: 10_001 }, () => ({})) }), null)
})

t.test('schemas are compiled once, and the oldest go', async (t) => {
  const held = new Schemas(2)
  const find = (name: string) => held.find(toolList([{ function: { name, parameters: PERSON } }]), toolSchemas, name)
  const first = find('a')
  t.equal(find('a'), first)
  find('b')
  t.equal(find('a'), first, 'used again')
  find('c')
  t.equal(held.size, 2)
  t.equal(find('a'), first, 'b went')
  t.equal(held.find(form({}), answerSchema, ''), held.find(form({}), answerSchema, ''))
})
