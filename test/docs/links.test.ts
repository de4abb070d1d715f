import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { anchors, DOCUMENTS, prose, ROOT } from '../support/documents.ts'

const TEXTS = new Map(DOCUMENTS.map(({ path, text }) => [path, text]))

/** What is wrong with a link to another file or heading of the repository; '' where it leads somewhere. */
function fault(from: string, target: string): string {
  const [path = '', anchor] = target.split('#', 2)
  const file = path === '' ? from : normalize(join(dirname(from), path))
  if (file.startsWith('..')) return 'leaves the repository'
  if (!existsSync(join(ROOT, file))) return 'no such file'
  if (anchor === undefined) return ''
  const text = TEXTS.get(file)
  if (text === undefined) return 'an anchor of something that is no document'
  return anchors(text).has(anchor) ? '' : 'no such heading'
}

const linksOf = (text: string): string[] =>
  [...prose(text).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))

t.test('every relative link and anchor leads somewhere', async (t) => {
  const links = DOCUMENTS.flatMap(({ path, text }) => linksOf(text).map((target) => ({ path, target })))
  t.ok(links.length > 80, `${links.length} links`)
  const faults = links.flatMap(({ path, target }) => {
    const why = fault(path, target)
    return why === '' ? [] : [`${path}: ${target}: ${why}`]
  })
  t.strictSame(faults, [])
})

t.test('a link that leads nowhere is found', async (t) => {
  for (const [target, why] of [
    ['http.md', ''],
    ['http.md#errors', ''],
    ['#in-short', 'no such heading'],
    ['http.md#eror', 'no such heading'],
    ['gone.md', 'no such file'],
    ['../../outside.md', 'leaves the repository'],
    ['../package.json#name', 'an anchor of something that is no document'],
  ] as const)
    t.equal(fault('docs/README.md', target), why, target)
})

t.test('every document of docs/ is in the index, and the README leads to the index', async (t) => {
  const index = linksOf(TEXTS.get('docs/README.md') ?? '')
  const documents = DOCUMENTS.map(({ path }) => path).filter(
    (path) => path !== 'docs/README.md' && path !== 'README.md',
  )
  t.strictSame(
    documents.filter((path) => path.startsWith('docs/') && !index.includes(path.slice('docs/'.length))),
    [],
  )
  t.ok(linksOf(TEXTS.get('README.md') ?? '').includes('docs/README.md'))
})

/** Paths in backticks: those that name a folder of the repository, and TypeScript files by whatever they are relative to. */
const pathsOf = (text: string): string[] =>
  [...prose(text).matchAll(/`([\w.-]+(?:\/[\w.-]+)+\/?)`/g)]
    .map(([, path = '']) => path)
    .filter((path) => /^(?:src|test|config|docs|docker|benchmarks|catalogue|train|scripts|\.ci)\/|\.ts$/.test(path))

t.test('every path of a source file that a document names exists', async (t) => {
  const exists = (from: string, path: string): boolean =>
    ['', dirname(from), 'src'].some((folder) => existsSync(join(ROOT, folder, path)))
  const named = DOCUMENTS.flatMap(({ path: from, text }) => pathsOf(text).map((path) => ({ from, path })))
  t.ok(named.length > 20, `${named.length} paths`)
  // Written by users, or by a run.
  const own = new Set(['docker/config/turnout.yaml'])
  t.strictSame(
    named.filter(({ from, path }) => !own.has(path) && !exists(from, path)).map(({ from, path }) => `${from}: ${path}`),
    [],
  )
})

t.test('every compiled test that a document runs has its source', async (t) => {
  const built = DOCUMENTS.flatMap(({ text }) =>
    [...text.matchAll(/build\/(test\/[\w./-]+)\.js/g)].map(([, path = '']) => path),
  )
  t.ok(built.length > 0)
  t.strictSame(
    built.filter((path) => !existsSync(join(ROOT, `${path}.ts`))),
    [],
  )
})

t.test('every `npm run` that a document names is a script', async (t) => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>
  }
  const named = new Set(
    DOCUMENTS.flatMap(({ text }) => [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name)),
  )
  t.strictSame(
    [...named].filter((name) => !Object.hasOwn(manifest.scripts, name)),
    [],
  )
})

t.test('the README is what a newcomer reads in a few minutes: 8,000 to 10,240 bytes', async (t) => {
  const { size } = statSync(join(ROOT, 'README.md'))
  t.ok(size >= 8_000 && size <= 10_240, `${size} bytes`)
})
