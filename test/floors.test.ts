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
  gguf: 1,
  store: 1,
  'observe/metrics': 1,
  'observe/explain': 1,
  'observe/savings': 1,
  'decision/route': 2,
  'backends/engine': 2,
  'backends/readings': 1,
  'backends/fleet': 3,
  'backends/gate': 2,
  'backends/upstream': 2,
  'backends/kv-events': 2,
  'observe/gateway': 2,
  'observe/log': 2,
  'observe/headline': 2,
  keys: 2,
  budgets: 2,
  answers: 2,
  demo: 2,
  dispatch: 4,
  simulate: 4,
  ledger: 3,
  sessions: 3,
  'observe/telemetry': 3,
  replay: 3,
  'classifier-file.ts': 2,
  'policy.ts': 3,
  accounting: 5,
  relay: 6,
  'observers.ts': 6,
  'apply.ts': 7,
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

/** The file that a relative import leads to, below src. */
const targetOf = (path: string, wanted: string): string =>
  relative(SOURCE, resolve(dirname(join(SOURCE, path)), wanted))
    .split(sep)
    .join('/')

/** What src/README.md claims about whole rooms. `breaks`: what in a file is against it. */
const CLAIMS: Readonly<
  Record<string, { of: (path: string) => boolean; breaks: (source: Source) => readonly string[] }>
> = {
  'nothing but backends/upstream/ knows undici': {
    of: (path) => room(path) !== 'backends/upstream',
    breaks: ({ text }) => importsOf(text).filter((wanted) => /^undici(\/|$)/.test(wanted)),
  },
  'nothing but http/ knows Fastify, and the way in of inference there does not': {
    of: (path) => !/^http\/(server\.ts$|plugins\/|routes\/|admin\/)/.test(path),
    breaks: ({ text }) => importsOf(text).filter((wanted) => /^@?fastify(\/|$)/.test(wanted)),
  },
  'deciding, learning, replaying, simulating and reading formats know no clock, no file and no network': {
    of: (path) => PURE.includes(room(path)) || path === 'dispatch/next-step.ts',
    breaks: ({ text }) => [
      ...importsOf(text).filter((wanted) => wanted.startsWith('node:') && !HARMLESS.includes(wanted)),
      ...(codeOf(text).match(EFFECTS) ?? []),
    ],
  },
  'nothing but cli/ reads the environment': {
    of: (path) => room(path) !== 'cli',
    breaks: ({ text }) => [
      ...importsOf(text).filter((wanted) => wanted === 'node:process'),
      ...(codeOf(text).match(/\bprocess\s*\.\s*(env|argv)\b|\{[^}]*\b(env|argv)\b[^}]*\}\s*=\s*process\b/g) ?? []),
    ],
  },
}

const PURE = ['decision/classify', 'decision/learn', 'decision/route', 'replay', 'simulate', 'formats']
/** They compute. */
const HARMLESS = ['node:crypto', 'node:util', 'node:string_decoder', 'node:buffer', 'node:zlib']
const EFFECTS =
  /\bDate\s*\.\s*now\b|\bnew\s+Date\(\)|\bperformance\b|\bset(Timeout|Interval|Immediate)\b|\bfetch\s*\(|\bprocess\b/g

/** Without its comments and texts. */
const codeOf = (text: string): string =>
  text.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, ' ')

/** Files that import each other, over others or at once, types included: each circle as a sorted list. */
function circles(files: readonly Source[]): string[][] {
  const imports = new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter((wanted) => wanted.startsWith('.'))
        .map((wanted) => targetOf(path, wanted)),
    ]),
  )
  const reached = (from: string): Set<string> => {
    const seen = new Set<string>()
    const next = [...(imports.get(from) ?? [])]
    for (let path = next.pop(); path !== undefined; path = next.pop())
      if (!seen.has(path)) {
        seen.add(path)
        next.push(...(imports.get(path) ?? []))
      }
    return seen
  }
  const all = new Map(files.map(({ path }) => [path, reached(path)]))
  const found = new Map<string, string[]>()
  for (const [path, ahead] of all) {
    if (!ahead.has(path)) continue
    const circle = [...ahead].filter((other) => all.get(other)?.has(path)).sort()
    found.set(circle.join(), circle)
  }
  return [...found.values()]
}

function offences({ path, text }: Source): string[] {
  const own = FLOORS[room(path)]
  if (own === undefined) return [`src/${path}: the room "${room(path)}" has no floor`]
  return importsOf(text).flatMap((wanted) => {
    if (!wanted.startsWith('.')) return []
    const target = targetOf(path, wanted)
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

t.test('what src/README.md claims about whole rooms is so', async (t) => {
  for (const [claim, { of, breaks }] of Object.entries(CLAIMS)) {
    const concerned = sources.filter(({ path }) => of(path))
    t.ok(concerned.length > 40, `${claim}: ${concerned.length} files`)
    t.strictSame(
      concerned.flatMap((source) => breaks(source).map((what) => `src/${source.path}: ${what}`)),
      [],
      claim,
    )
  }
})

t.test('a broken claim is found in every form', async (t) => {
  const broken = (path: string, text: string): string[] =>
    Object.entries(CLAIMS).flatMap(([claim, { of, breaks }]) =>
      of(path) && breaks({ path, text }).length > 0 ? [claim] : [],
    )
  const [undici, fastify, pure, environment] = Object.keys(CLAIMS)
  const cases: readonly (readonly [path: string, text: string, claim?: string | undefined])[] = [
    ['cli/x.ts', "import { request } from 'undici'", undici],
    ['backends/fleet/x.ts', "import type { Agent } from 'undici/types'", undici],
    ['backends/upstream/x.ts', "import { request } from 'undici'"],
    ['relay/x.ts', "import type { FastifyReply } from 'fastify'", fastify],
    ['app.ts', "const f = await import('fastify')", fastify],
    ['relay/x.ts', "import limit from '@fastify/rate-limit'", fastify],
    ['http/admin/x.ts', "import type { FastifyReply } from 'fastify'"],
    ['http/lane.ts', "import type { FastifyReply } from 'fastify'", fastify],
    ['http/admission/x.ts', "import type { FastifyReply } from 'fastify'", fastify],
    ['decision/route/x.ts', 'const now = Date.now()', pure],
    ['decision/learn/x.ts', 'const hour = new Date().getUTCHours()', pure],
    ['decision/learn/x.ts', 'const hour = new Date(now).getUTCHours()'],
    ['formats/openai/x.ts', 'const start = performance.now()', pure],
    ['formats/openai/x.ts', '// not Date.now(): time is an argument\nconst words = "process.env"'],
    ['replay/x.ts', "import { readFile } from 'node:fs/promises'", pure],
    ['dispatch/next-step.ts', 'setTimeout(go, 1)', pure],
    ['dispatch/dispatch.ts', 'setTimeout(go, 1)'],
    ['decision/classify/x.ts', "import { hash } from 'node:crypto'"],
    ['config/x.ts', 'const { env } = process', environment],
    ['store/x.ts', "const home = process.env['HOME']", environment],
    ['store/x.ts', 'const { pid } = process'],
    ['cli/turnout.ts', 'const { env } = process'],
  ]
  for (const [path, text, claim] of cases) t.strictSame(broken(path, text), claim === undefined ? [] : [claim], text)
})

t.test('no files import each other, types included', async (t) => {
  t.strictSame(circles(sources), [])
  const file = (path: string, ...wanted: string[]): Source => ({
    path,
    text: wanted.map((one) => `import type { X } from '${one}'`).join('\n'),
  })
  t.strictSame(
    circles([
      file('a/b.ts', './c.ts', '../d.ts'),
      file('a/c.ts', '../d.ts'),
      file('d.ts', './a/b.ts', './e.ts'),
      file('e.ts', './e.ts'),
      file('f.ts', './e.ts', './a/b.ts'),
    ]),
    [['a/b.ts', 'a/c.ts', 'd.ts'], ['e.ts']],
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
