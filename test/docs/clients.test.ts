/** docs/clients.md against the list of clients that `npm run test:clients` runs; and what of it can be run with the packages of the checkout. */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { readdirSync } from 'node:fs'
import t from 'tap'
import { type Client, CLIENTS } from '../clients/clients.ts'
import type { Installed } from '../clients/installed.ts'
import { STEPS } from '../clients/judge.ts'
import { ENVIRONMENT, PAGE, SECTIONS } from '../clients/page.ts'
import { PROBES, runBare, runShown } from '../clients/run-client.ts'
import { start } from '../cli/turnout.ts'
import { readTable } from '../support/markdown-tables.ts'

const sectionOf = ({ heading }: Client): (typeof SECTIONS)[number] | undefined =>
  SECTIONS.find((section) => section.heading === heading)

t.test('every client has a section that shows a program, and a row in the table', async (t) => {
  const rows = readTable(PAGE.text, 'tried')
  t.strictSame(
    rows.map(([heading]) => heading),
    CLIENTS.map(({ heading }) => heading),
  )
  for (const row of rows) t.match(row[1], /^\d+\.\d+/, `the version of ${row[0] ?? ''}`)
  for (const client of CLIENTS) t.ok((sectionOf(client)?.blocks.length ?? 0) > 0, client.heading)
})

t.test('every section that shows a program is that of a client', async (t) => {
  const programs = SECTIONS.filter(({ blocks }) => blocks.some(({ language }) => /^(?:js|python)$/.test(language)))
  t.ok(programs.length > 10)
  t.strictSame(
    programs.map(({ heading }) => heading).filter((heading) => !CLIENTS.some((client) => client.heading === heading)),
    [],
  )
})

t.test('what a client does not do is said in its section, and is a "no" in the table', async (t) => {
  const rows = new Map(readTable(PAGE.text, 'tried').map(([heading = '', , ...cells]) => [heading, cells]))
  for (const client of CLIENTS) {
    const text = sectionOf(client)?.text.replace(/\s+/g, ' ') ?? ''
    for (const what of Object.values(client.lacks ?? {})) t.ok(text.includes(what), `${client.heading}: ${what}`)
    const cells = STEPS.map((step) =>
      client.without?.includes(step) === true ? '-' : client.lacks?.[step] === undefined ? 'yes' : 'no',
    )
    t.strictSame(rows.get(client.heading), cells, client.heading)
  }
})

t.test('its packages are named where it is shown', async (t) => {
  for (const client of CLIENTS)
    for (const name of client.packages.filter((one) => one !== '@langchain/core' && one !== 'zod'))
      t.ok(sectionOf(client)?.text.includes(name), `${client.heading}: ${name}`)
})

const HERE = createRequire(import.meta.url)
const isHere = ({ runtime, packages }: Client): boolean =>
  runtime === 'node' &&
  packages.every((name) => {
    try {
      return HERE.resolve(name) !== ''
    } catch {
      return false
    }
  })

t.test('the programs of the packages that the checkout has print an answer', async (t) => {
  const folder = t.testdir({})
  const demo = start(['serve', '--port', '0'], { cwd: folder, env: { TURNOUT_DETECT_HOST: 'nowhere.invalid' } })
  t.teardown(() => demo.child.kill('SIGKILL'))
  const url = /listening on (http:\S+)/.exec(await demo.until(/listening on http:\S+/))?.[1] ?? ''
  const ground = { url, key: 'unused' }
  const installed: Pick<Installed, 'interpreter'> = { interpreter: () => ({ command: process.execPath, folder }) }
  const clients = CLIENTS.filter(isHere)
  t.ok(clients.length >= 4, `${clients.length} clients`)
  for (const client of clients) {
    const [shown] = await runShown(client, sectionOf(client)!, ground, installed)
    t.match(shown?.out, /a simulation built into Turnout/, client.heading)
    t.equal(shown?.code, 0, `${client.heading}: ${shown?.err ?? ''}`)
    if (client.bare === undefined) continue
    const bare = await runBare(client, client.bare, ENVIRONMENT, ground, installed)
    t.match(bare.out, /demo-swift/, `${client.heading}, by the environment: ${bare.err}`)
  }
})

t.test('every other program can be read by its language', async (t) => {
  const python = spawnSync('python3', ['--version']).status === 0
  const parses = (language: string, text: string): boolean =>
    language === 'js'
      ? spawnSync(process.execPath, ['--input-type=module', '--check', '-'], { input: text }).status === 0
      : spawnSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], { input: text }).status === 0
  t.notOk(parses('js', 'const = 1'))
  if (python) t.notOk(parses('python', 'from import x'))
  for (const { heading, blocks } of SECTIONS)
    for (const { language, text } of blocks)
      if (language === 'js' || (language === 'python' && python)) t.ok(parses(language, text), heading)
})

t.test('every probe is that of a client', async (t) => {
  const probes = readdirSync(PROBES).filter((file) => !/^probe\./.test(file) && /\.(?:py|mjs)$/.test(file))
  t.strictSame(probes.sort(), CLIENTS.map(({ probe }) => probe).sort())
})
