import t from 'tap'
import { modelEntry, modelList } from '../../../src/formats/anthropic/models.ts'
import { deployment, facts } from '../../support/factories.ts'

t.test('a model, as Anthropic lists it', async (t) => {
  const serving = [deployment('up/m', { facts: facts({ context: 32_768, maxOutput: 4096 }) }), deployment('up2/m')]
  t.strictSame(modelEntry('m', serving, 1_780_000_000), {
    type: 'model',
    id: 'm',
    display_name: 'm',
    created_at: new Date(1_780_000_000_000).toISOString(),
    max_input_tokens: 32_768,
    max_tokens: 4096,
    capabilities: null,
    lifecycle: 'active',
    line: null,
    deprecated_at: null,
    retires_at: null,
  })
  t.match(modelEntry('claude-local-qwen3:8b', [], 0), { display_name: 'qwen3:8b (local)', max_input_tokens: null })
})

const ENTRIES = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }))

const PAGES: readonly (readonly [query: Readonly<Record<string, string>>, ids: string, more: boolean])[] = [
  [{}, 'abcde', false],
  [{ limit: '2' }, 'ab', true],
  [{ limit: '2', after_id: 'b' }, 'cd', true],
  [{ limit: '2', after_id: 'd' }, 'e', false],
  [{ limit: '2', after_id: 'e' }, '', false],
  [{ limit: '2', before_id: 'd' }, 'bc', true],
  [{ limit: '2', before_id: 'b' }, 'a', false],
  [{ limit: '1000' }, 'abcde', false],
  [{ limit: 'many' }, 'abcde', false],
  [{ limit: '0' }, 'abcde', false],
  [{ limit: '2', after_id: 'nobody' }, 'ab', true],
]

for (const [query, ids, more] of PAGES)
  t.test(`the page ${JSON.stringify(query)}`, async (t) => {
    t.strictSame(modelList(ENTRIES, query), {
      data: Array.from(ids, (id) => ({ id })),
      has_more: more,
      first_id: ids[0] ?? null,
      last_id: ids.at(-1) ?? null,
    })
  })
