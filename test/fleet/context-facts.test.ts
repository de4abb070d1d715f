/** The context that a call will meet, by what everybody says of it. */
import t from 'tap'
import { UNTOLD } from '../../src/core/engine-reading.ts'
import { type ContextWords, effectiveContext, usualContextOf } from '../../src/backends/fleet/context-facts.ts'
import { type Described, NOTHING_SAID } from '../../src/backends/fleet/read-list.ts'
import { PROVIDERS } from '../config/load.ts'
import { backend } from './engine-double.ts'

const found = (said: Partial<Described>): Described => ({ ...NOTHING_SAID, ...said })
const inForce = (context: number) => ({ ...UNTOLD, loaded: true, context })

const words = (said: Partial<ContextWords>): ContextWords => ({
  operator: null,
  wish: null,
  refused: null,
  found: null,
  reading: null,
  usual: null,
  catalogue: null,
  ...said,
})

const CASES: readonly (readonly [name: string, said: Partial<ContextWords>, context: number | null, from: string | null])[] =
  [
    ['nobody says anything', {}, null, null],
    ['the catalogue', { catalogue: 128_000 }, 128_000, 'catalogue'],
    ['the list of the engine, not the catalogue', { found: found({ context: 2048 }), catalogue: 9 }, 2048, 'engine'],
    ['what it tells of itself is newer than its list', { found: found({ context: 2048 }), reading: inForce(1024) }, 1024, 'engine'],
    ['never what it was trained for', { found: found({ trained: 131_072 }) }, null, null],
    ['nor more than that', { found: found({ context: 9000, trained: 4096 }) }, 4096, 'engine'],
    ['a model file', { found: found({ configured: 2048, trained: 4096 }), usual: 4096 }, 2048, 'engine'],
    ['a model file, whatever another client has loaded it with', { found: found({ configured: 2048 }), reading: inForce(65_536) }, 2048, 'engine'],
    ['a wish is told with each call', { wish: 16_384, found: found({ configured: 2048 }), reading: inForce(4096) }, 16_384, 'operator'],
    ['a wish cannot have more than the model was trained for', { wish: 16_384, found: found({ trained: 4096 }) }, 4096, 'operator'],
    ['the word of the operator counts, whatever others say', { operator: 9000, wish: 5, found: found({ trained: 4096 }) }, 9000, 'operator'],
    ['what a refusal told, before what the engine lists', { refused: 1024, wish: 5, found: found({ context: 2048 }), reading: inForce(2048), catalogue: 9 }, 1024, 'observed'],
    ['the word of the operator, whatever a refusal told', { operator: 9000, refused: 1024 }, 9000, 'operator'],
    ['what is loaded, before what is usual', { usual: 4096, reading: inForce(32_768) }, 32_768, 'engine'],
    ['what is usual, of a model that is not loaded', { usual: 4096, found: found({ trained: 131_072 }) }, 4096, 'usual'],
    ['what is usual, of a smaller model', { usual: 4096, found: found({ trained: 512 }) }, 512, 'usual'],
  ] // prettier-ignore

t.test('who says most of the context', async (t) => {
  for (const [name, said, context, from] of CASES) t.same(effectiveContext(words(said), true), { context, from }, name)
})

t.test('what runs at its vendor has all that it was trained for, and is not loaded as the others are', async (t) => {
  const cloud = words({ usual: 4096, found: found({ trained: 131_072 }) })
  t.same(effectiveContext(cloud, false), { context: 131_072, from: 'engine' })
})

t.test('what is usual is what models of which nobody says are loaded with, the smallest of it', async (t) => {
  const ollama = backend('http://h', { provider: PROVIDERS.get('ollama')! })
  const loaded = (context: number, said: Partial<Described> = {}, wished = false) => ({
    found: found(said),
    reading: inForce(context),
    wished,
  })
  const usual = (...models: readonly ReturnType<typeof loaded>[]) => usualContextOf(ollama, models, null)
  t.equal(usual(), 4096, 'nothing is loaded')
  t.equal(usual(loaded(32_768)), 32_768)
  t.equal(usual(loaded(262_144), loaded(32_768)), 32_768)
  t.equal(usual(loaded(2048, { configured: 2048 })), 4096, 'of a model file')
  t.equal(usual(loaded(8192, {}, true)), 4096, 'by a wish')
  t.equal(usual(loaded(512, { trained: 512 })), 4096, 'all that it was trained for')
  t.equal(usualContextOf(ollama, [], 32_768), 32_768, 'as it was seen before')
  t.equal(usualContextOf(backend('http://h', { provider: PROVIDERS.get('vllm')! }), [loaded(9)], null), null)
})
