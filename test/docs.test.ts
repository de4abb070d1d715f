import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { BLOCKS } from '../scripts/docs/blocks.ts'
import { documents, filled, namesIn, read, ROOT } from '../scripts/docs/fill.ts'
import { OTHER_PATHS } from '../scripts/docs/tables.ts'
import { cellsOf, readTable } from './support/markdown-tables.ts'

const TEXTS = new Map(await Promise.all((await documents()).map(async (name) => [name, await read(name)] as const)))
const ALL = [...TEXTS.values()].join('\n')

/** Tables that `npm run docs` does not write: the code knows only the first column, or `npm run test:clients` fills it. */
const BY_HAND = ['dependencies', 'tried']

t.test('the generated parts of the documents are what `npm run docs` writes', async (t) => {
  for (const [name, text] of TEXTS) {
    const next = await filled(text)
    const [coded, written] = [cellsOf(next), cellsOf(text)]
    const stale = [
      ...coded.filter((row) => !written.includes(row)).map((row) => `missing in the document: ${row}`),
      ...written.filter((row) => !coded.includes(row)).map((row) => `only in the document: ${row}`),
    ]
    t.strictSame(stale, [], `${name}: run \`npm run docs\``)
    t.ok(next === text, `${name}: run \`npm run docs\``)
  }
})

t.test('every marker is that of a block, or of a table by hand', async (t) => {
  const marked = [...ALL.matchAll(/^ *(?:<!-- ([\w-]+) -->|# <([\w-]+)>)$/gm)].map(
    ([, name, other]) => name ?? other ?? '',
  )
  t.strictSame(marked.filter((name) => !(name in BLOCKS)).sort(), BY_HAND)
  for (const name of ['endpoints', 'errors', 'metrics', 'providers', 'key-variables'])
    t.equal(marked.filter((one) => one === name).length, 1, `one document has ${name}`)
})

t.test('every row of the tables has a meaning', async (t) => {
  for (const [name, made] of Object.entries(BLOCKS))
    for (const row of cellsOf(made())) t.notMatch(row, /\| ?\|$/, `${name}: ${row}`)
  for (const name of BY_HAND) for (const row of readTable(ALL, name)) t.not(row[1], '', `${name}: ${row[0] ?? ''}`)
})

t.test('the paths beside the inference ones are the routes that http/ has', async (t) => {
  const folder = join(ROOT, 'src/http/routes')
  const routes = readdirSync(folder).flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/\.(get|post|put|delete)\(\s*'([^']+)'/g)].map(
      ([, method, path]) => `${method?.toUpperCase() ?? ''} ${path ?? ''}`,
    ),
  )
  t.strictSame(routes.sort(), OTHER_PATHS.map(([method, path]) => `${method} ${path}`).sort())
})

t.test('every dependency is named with its reason, and no other', async (t) => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const named = readTable(ALL, 'dependencies').map(([name]) => name ?? '')
  t.strictSame(
    named.sort(),
    Object.keys(dependencies)
      .map((name) => `\`${name}\``)
      .sort(),
  )
})

t.test('a block is filled where its markers are, in Markdown and in YAML', async (t) => {
  const blocks = { one: () => '| a |\n| --- |\n| `x` |', two: () => '- A\n- B' }
  t.equal(
    await filled('# Head\n\n<!-- one -->\n\nold\n\n<!-- /one -->\n\nafter\n', blocks),
    '# Head\n\n<!-- one -->\n\n| a   |\n| --- |\n| `x` |\n\n<!-- /one -->\n\nafter\n',
  )
  t.equal(
    await filled('list:\n  # <two>\n  - old\n  # </two>\n  - C\n', blocks),
    'list:\n  # <two>\n  - A\n  - B\n  # </two>\n  - C\n',
  )
  t.equal(await filled('nothing\n', blocks), 'nothing\n')
  t.strictSame(namesIn('text\n<!-- one -->\n', blocks), ['one'])
  await t.rejects(filled('<!-- one -->\n', blocks), /"one" has no end/)
})
