import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ENDPOINTS } from '../src/core/endpoints.ts'
import {
  endpointsTable,
  errorsTable,
  metricsTable,
  OTHER_PATHS,
  readTable,
  render,
  type DocTable,
} from './support/doc-tables.ts'
import { DOCUMENTS, ROOT } from './support/documents.ts'

/** The document that has the table. */
function documentWith(name: string): string {
  const [first, ...more] = DOCUMENTS.filter(({ text }) => text.includes(`<!-- ${name} -->`))
  if (first === undefined || more.length > 0)
    throw new Error(`${more.length + (first ? 1 : 0)} documents have <!-- ${name} -->`)
  return first.text
}

/** Compares the named columns of a table with what the code says, both ways; each difference by name. */
function differences(wanted: DocTable, columns: readonly string[], text = documentWith(wanted.name)): string[] {
  const at = columns.map((column) => wanted.head.indexOf(column))
  const key = (row: readonly string[]): string => at.map((index) => row[index] ?? '').join(' | ')
  const written = readTable(text, wanted.name).map(key)
  const coded = wanted.rows.map(key)
  return [
    ...coded.filter((row) => !written.includes(row)).map((row) => `missing in the document: ${row}`),
    ...written.filter((row) => !coded.includes(row)).map((row) => `only in the document: ${row}`),
    ...written.filter((row, index) => written.indexOf(row) !== index).map((row) => `twice in the document: ${row}`),
  ]
}

t.test('the table of errors is the one of core/errors.ts', async (t) => {
  t.strictSame(differences(errorsTable(), ['code', 'status', 'source']), [])
})

t.test('the table of metrics is the registry', async (t) => {
  t.strictSame(differences(metricsTable(), ['name', 'labels']), [])
})

t.test('the table of endpoints is the one of core/endpoints.ts and the routes of http/', async (t) => {
  t.strictSame(differences(endpointsTable(), ['method', 'path']), [])
  const states = new Map(
    readTable(documentWith('endpoints'), 'endpoints').map(([, path, state]) => [path, state ?? '']),
  )
  for (const { path, served } of ENDPOINTS)
    t.match(states.get(`\`${path}\``), served ? /^served/ : /^planned/, `the state of ${path}`)
  for (const [, path] of OTHER_PATHS) t.match(states.get(`\`${path}\``), /^served/, `the state of ${path}`)
})

t.test('every row of the tables has a meaning', async (t) => {
  for (const name of ['errors', 'metrics', 'endpoints', 'dependencies'])
    for (const row of readTable(documentWith(name), name)) t.not(row.at(-1), '', `${name}: ${row[0] ?? ''}`)
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
  const named = readTable(documentWith('dependencies'), 'dependencies').map(([name]) => name ?? '')
  t.strictSame(
    named.sort(),
    Object.keys(dependencies)
      .map((name) => `\`${name}\``)
      .sort(),
  )
})

t.test('each difference is reported by name', async (t) => {
  const table: DocTable = {
    name: 'errors',
    head: ['code', 'status'],
    rows: [
      ['`a`', '1'],
      ['`b`', '2'],
    ],
  }
  t.strictSame(differences(table, ['code', 'status'], render(table)), [])
  const other = render({
    ...table,
    rows: [
      ['`a`', '1'],
      ['`b`', '3'],
      ['`c`', '4'],
    ],
  })
  t.strictSame(differences(table, ['code', 'status'], other), [
    'missing in the document: `b` | 2',
    'only in the document: `b` | 3',
    'only in the document: `c` | 4',
  ])
  t.throws(() => readTable('', 'errors'), /<!-- errors -->/)
})
