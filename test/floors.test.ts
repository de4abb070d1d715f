import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import t from 'tap'

const SOURCE = resolve(import.meta.dirname, '../../src')

/** The map of src/README.md: a file imports from its own room or from a strictly lower floor. A wing is a folder of rooms. */
const FLOORS: Readonly<Record<string, number>> = {
  core: 0,
  'version.ts': 0,
  formats: 1,
  'decision/catalogue': 1,
  'decision/classify': 1,
  'decision/learn': 1,
  config: 1,
  store: 1,
  'observe/metrics': 1,
  'observe/explain': 1,
  'decision/route': 2,
  'backends/fleet': 3,
  'backends/upstream': 2,
  'observe/gateway': 2,
  'observe/log': 2,
  keys: 2,
  budgets: 2,
  demo: 2,
  dispatch: 4,
  ledger: 3,
  sessions: 3,
  'observe/telemetry': 3,
  replay: 3,
  'policy.ts': 3,
  accounting: 5,
  'observers.ts': 5,
  relay: 6,
  'apply.ts': 6,
  'pipeline.ts': 7,
  http: 8,
  'app.ts': 9,
  cli: 10,
}

const WINGS = ['decision', 'backends', 'observe']

const MAX_LINES = 400
const VAGUE = /^(utils?|helpers?|common|managers?|misc)$|[-_](utils?|helpers?|common|manager)$/

interface Source {
  /** Below src, with slashes. */
  readonly path: string
  readonly text: string
}

const all = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).map((path) => path.split(sep).join('/'))
const sources: readonly Source[] = all
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(SOURCE, path), 'utf8') }))

const room = (path: string): string => {
  const [first, second] = path.split('/')
  return WINGS.includes(first!) ? `${first!}/${second!}` : first!
}

/** What a file imports, statically, for its side effects or dynamically. */
export function importsOf(text: string): string[] {
  const found = /\b(?:import|export)\b[^'";]*?\bfrom\s*'([^']+)'|\bimport\s*'([^']+)'|\bimport\(\s*'([^']+)'/g
  return [...text.matchAll(found)].map(([, from, effect, dynamic]) => from ?? effect ?? dynamic ?? '')
}

function offences({ path, text }: Source): string[] {
  const own = FLOORS[room(path)]
  if (own === undefined) return [`src/${path}: the room "${room(path)}" has no floor`]
  return importsOf(text).flatMap((wanted) => {
    if (/^fastify$|^@fastify\//.test(wanted))
      return room(path) === 'http' ? [] : [`src/${path} imports ${wanted}: only http/ knows Fastify`]
    if (!wanted.startsWith('.')) return []
    const target = relative(SOURCE, resolve(dirname(join(SOURCE, path)), wanted))
      .split(sep)
      .join('/')
    if (!sources.some((source) => source.path === target))
      return [`src/${path} imports ${wanted}: there is no such file in src/`]
    if (room(target) === room(path)) return []
    const floor = FLOORS[room(target)]
    return floor !== undefined && floor < own
      ? []
      : [`src/${path} (floor ${own}) imports src/${target} (floor ${String(floor)})`]
  })
}

t.test('the reader of imports sees all of them', async (t) => {
  const text = `import a, { type B } from './a.ts'\nimport type { C,\n  D } from '../c.ts'\nimport './e.ts'\nexport * from './f.ts'
    const g = await import('./g.ts'); // a word from 'nowhere'\nconst from = 'x'\nexport { h } from 'h'`
  t.strictSame(importsOf(text).sort(), ['../c.ts', './a.ts', './e.ts', './f.ts', './g.ts', 'h'])
})

t.test('a file imports from its own room or a lower floor', async (t) => {
  t.ok(sources.length > 40, `${sources.length} files`)
  t.ok(sources.reduce((sum, { text }) => sum + importsOf(text).length, 0) > 150)
  t.strictSame(sources.flatMap(offences), [])
})

t.test('a wrong import is told by name', async (t) => {
  const wrong = (path: string, text: string): string => offences({ path, text }).join()
  t.match(
    wrong('core/types.ts', "import { members } from '../formats/json/members.ts'"),
    'src/core/types.ts (floor 0) imports src/formats/json/members.ts (floor 1)',
  )
  t.match(
    wrong('decision/learn/arms.ts', "import { classifier } from '../classify/profile.ts'"),
    'src/decision/classify/profile.ts',
    'also from the same floor',
  )
  t.match(wrong('backends/upstream/x.ts', "const f = await import('fastify')"), 'imports fastify')
  t.match(wrong('relay/x.ts', "import type { FastifyReply } from 'fastify'"), 'imports fastify')
  t.match(wrong('relay/x.ts', "import limit from '@fastify/rate-limit'"), 'imports @fastify/rate-limit')
  t.match(wrong('nowhere/x.ts', ''), 'has no floor')
  t.match(wrong('core/x.ts', "import { a } from './absent.ts'"), 'no such file')
  t.equal(
    wrong(
      'http/plugins/auth.ts',
      "import type { FastifyReply } from 'fastify'\nimport { ERRORS } from '../../core/errors.ts'",
    ),
    '',
  )
})

t.test('every room has its floor, and is there', async (t) => {
  for (const name of Object.keys(FLOORS)) t.ok(all.includes(name), `src/${name}`)
})

t.test(`no file is longer than ${MAX_LINES} lines`, async (t) => {
  const long = sources
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES)
  t.strictSame(long, [])
})

t.test('no file and no folder has a name that says nothing', async (t) => {
  const vague = all.filter((path) => VAGUE.test(basename(path, '.ts')))
  t.strictSame(vague, [])
  for (const name of ['utils', 'helper', 'common', 'manager', 'string-utils', 'pool-manager']) t.match(name, VAGUE)
  for (const name of ['held', 'usage', 'commonest']) t.notMatch(name, VAGUE)
})

t.test('files are named in kebab case', async (t) => {
  t.strictSame(
    sources
      .map(({ path }) => path)
      .filter((path) => !/^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(path)),
    [],
  )
})
