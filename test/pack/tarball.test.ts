import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { prose, ROOT } from '../support/documents.ts'
import { NODES, run, strips, wholeCheckout } from './checkout.ts'
import { isRequired } from '../support/required.ts'

interface Packed {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string; readonly mode: number }[]
}

const root = t.testdir({ checkout: {}, installed: {} })
const checkout = wholeCheckout(join(root, 'checkout'))
const { code, out, err } = await run(['npm', 'pack', '--json'], checkout, root)
t.equal(code, 0, err)
const [packed] = JSON.parse(out.slice(out.indexOf('['))) as [Packed]
const paths = packed.files.map(({ path }) => path)
t.comment(`${packed.filename}: ${paths.length} files, ${packed.size} bytes, ${packed.unpackedSize} unpacked`)

t.test('the package holds what runs, what is read, and nothing of development', async (t) => {
  const folders = [...new Set(paths.map((path) => path.replace(/^(dist\/src|\w+)\/.*$/, '$1/')))].sort()
  t.strictSame(folders, [
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'benchmarks/',
    'bin/',
    'config/',
    'dist/src/',
    'docker/',
    'docs/',
    'package.json',
    'scripts/',
    'src/',
  ])
  t.strictSame(
    paths.filter((path) => /\.map$|\.ts$|tsbuildinfo|sha256|^test/.test(path)),
    [],
    'no sources, and no maps, which would point to them',
  )
  for (const path of paths.filter((path) => path.startsWith('dist/')))
    if (readFileSync(join(checkout, path), 'utf8').includes('sourceMappingURL')) t.fail(`${path} names a map`)
  t.ok(packed.size < 1.5e6, `${packed.size} bytes`)
})

/** Relative links of a document to files. */
const linksOf = (text: string): string[] =>
  [...prose(text).matchAll(/\[[^\]]*\]\(([^)\s#]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))

t.test('every relative link of its documents leads to a file of it', async (t) => {
  const documents = paths.filter((path) => path.endsWith('.md'))
  const links = documents.flatMap((path) =>
    linksOf(readFileSync(join(checkout, path), 'utf8')).map((target) => ({
      path,
      file: normalize(join(dirname(path), target)),
    })),
  )
  t.ok(documents.length > 20 && links.length > 80, `${documents.length} documents, ${links.length} links`)
  const isThere = (file: string): boolean =>
    paths.includes(file) || paths.some((path) => path.startsWith(file.replace(/\/?$/, '/')))
  t.strictSame(
    links.filter(({ file }) => !isThere(file)).map(({ path, file }) => `${path}: ${file}`),
    [],
  )
})

t.test('it runs without sources and without a build', async (t) => {
  const { code, err } = await run(['tar', 'xzf', join(checkout, packed.filename)], join(root, 'installed'), root)
  t.equal(code, 0, err)
  const folder = join(root, 'installed/package')
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  for (const node of NODES) {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    t.equal((await run([node, 'bin/turnout.js', '--version'], folder, root)).out, `${version}\n`)
    const example = join(folder, 'config/examples/local-engines.yaml')
    t.ok(existsSync(example))
    t.equal((await run([node, 'bin/turnout.js', 'check', example], folder, root)).code, 0)
    // Whoever unpacks it and types `npm install` there has nothing to build.
    t.strictSame(await run([node, 'scripts/build.js'], folder, root), { code: 0, out: '', err: '' })
  }
})

/** One part of a program: its kind, and what does not stand in parts of its own. */
function wordOf(node: ts.Node): string {
  const text = !ts.isSourceFile(node) && 'text' in node && typeof node.text === 'string' ? node.text : ''
  const operator = ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node) ? node.operator : ''
  return `${node.kind} ${operator} ${node.flags & ts.NodeFlags.BlockScoped} ${text}`
}

/** What a program says, whatever it looks like: kinds and texts in order, without what changes nothing. */
function meaning(text: string): string[] {
  const said: string[] = []
  const visit = (node: ts.Node): void => {
    const isNothing =
      ts.isParenthesizedExpression(node) ||
      node.kind === ts.SyntaxKind.EmptyStatement ||
      (ts.isExportDeclaration(node) &&
        node.exportClause !== undefined &&
        ts.isNamedExports(node.exportClause) &&
        node.exportClause.elements.length === 0)
    if (!isNothing) said.push(wordOf(node))
    if (!isNothing || ts.isParenthesizedExpression(node)) ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('x.js', text, ts.ScriptTarget.ES2023, false, ts.ScriptKind.JS))
  return said
}

const stripping = NODES.find(strips)
const required = isRequired('node')

t.test(
  'what Node makes of the sources is what the compiler makes of them',
  { skip: stripping !== undefined || required ? false : 'needs TURNOUT_TEST_NODE' },
  async (t) => {
    const folder = wholeCheckout(t.testdir({}))
    const { code, err } = await run([stripping ?? '', 'scripts/build.js'], folder, root)
    t.equal(code, 0, err)
    const scripts = paths.filter((path) => path.startsWith('dist/'))
    t.ok(scripts.length > 500)
    const different = scripts.filter((path) => {
      // Compiled by the tests' own tsc: maps and all, but the same program.
      const [ours = [], theirs = []] = [join(folder, path), join(ROOT, path.replace(/^dist/, 'build'))].map((file) =>
        meaning(readFileSync(file, 'utf8')),
      )
      return ours.length !== theirs.length || ours.some((word, index) => word !== theirs[index])
    })
    t.strictSame(different, [])
  },
)
