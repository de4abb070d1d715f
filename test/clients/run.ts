/**
 * `npm run test:clients`: the clients of docs/clients.md, as their registries have them. What the page shows is run to the letter, with
 * and without a key of the gateway; then a probe of each asks for all that a client can ask for, of simulated models, a scripted one and, where
 * TURNOUT_TEST_LLAMA and TURNOUT_TEST_MODEL name one, a real llama.cpp. They are large, so they are no part of `npm test`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { markdown } from '../../scripts/docs/blocks.ts'
import { filled } from '../../scripts/docs/fill.ts'
import { ROOT } from '../support/documents.ts'
import { readTable } from '../support/markdown-tables.ts'
import { type Client, CLIENTS } from './clients.ts'
import { installedIn } from './installed.ts'
import { faultOf, type Step, STEPS } from './judge.ts'
import { ENVIRONMENT, PAGE, SECTIONS } from './page.ts'
import { type Ran, runBare, runShown, runSteps } from './run-client.ts'
import { startStage } from './stage.ts'

const USAGE = `usage: npm run test:clients -- [--only openai-python,llm] [--install] [--write]
TURNOUT_TEST_CLIENTS names the folder that the clients are installed in; --install installs what is missing there,
--write writes the table of the page`

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    install: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const folder = process.env['TURNOUT_TEST_CLIENTS']
const asked = values.only?.split(',') ?? CLIENTS.map(({ id }) => id)
const clients = CLIENTS.filter(({ id }) => asked.includes(id))
if (folder === undefined || clients.length < asked.length) {
  console.error(USAGE)
  process.exit(2)
}
const installed = installedIn(resolve(folder))
const missing = clients.filter((client) => installed.version(client) === null)
if (missing.length > 0 && values.install) installed.install(missing)
else if (missing.length > 0) {
  console.error(`${folder} lacks ${missing.map(({ id }) => id).join(', ')}\n${USAGE}`)
  process.exit(2)
}

const stage = await startStage()
let failed = false
const wrong = (client: Client, what: string): void => {
  failed = true
  console.log(`${client.id}: ${what}`)
}

const said = ({ code, out, err }: Ran): string => `exit code ${code}: ${out}${err.slice(-1_000)}`

async function shown(client: Client): Promise<void> {
  const section = SECTIONS.find(({ heading }) => heading === client.heading)
  if (section === undefined) return wrong(client, `${PAGE.path} has no section "${client.heading}"`)
  for (const ground of stage.grounds.slice(0, 2)) {
    const outcomes = await runShown(client, section, ground, installed)
    if (outcomes.length === 0) wrong(client, 'the page shows nothing to run')
    for (const outcome of outcomes)
      if (outcome.code !== 0 || !/simulat/.test(outcome.out))
        wrong(client, `what the page shows, ${ground.name}: ${said(outcome)}`)
    if (client.bare === undefined) continue
    const outcome = await runBare(client, client.bare, ENVIRONMENT, ground, installed)
    if (outcome.code !== 0 || !/demo-swift/.test(outcome.out))
      wrong(client, `by the environment, ${ground.name}: ${said(outcome)}`)
  }
}

/** Steps that are judged by what the gateway counts meanwhile. */
const COUNTED: ReadonlySet<Step> = new Set(['refused', 'waits', 'leaves'])

/** Each of these in a process of its own, all others in one: some clients take seconds to load. */
const processesOf = (steps: readonly Step[]): (readonly Step[])[] =>
  [
    steps.filter((step) => !COUNTED.has(step)),
    ...steps.filter((step) => COUNTED.has(step)).map((step) => [step]),
  ].filter((group) => group.length > 0)

/** Cells of the table. A step that the client is known not to do must fail. */
async function tried(client: Client): Promise<Map<Step, string>> {
  const cells = new Map<Step, string>()
  const does = (step: Step): boolean => client.without?.includes(step) !== true
  for (const ground of stage.grounds.filter(({ purpose }) => purpose === undefined || does(purpose)))
    for (const steps of processesOf(ground.steps.filter(does))) {
      const counted = await stage.count(ground)
      const lines = await runSteps(client, steps, ground, installed)
      const counts = await counted(steps.includes('leaves'))
      for (const step of steps) {
        const line = lines.get(step)
        const fault = line === undefined ? 'the probe said nothing' : faultOf(step, line, counts)
        const known = client.lacks?.[step]
        if (fault !== null && known === undefined) wrong(client, `${step}, ${ground.name}: ${fault}`)
        if (fault === null && known !== undefined) wrong(client, `${step}, ${ground.name}: it does now: ${known}`)
        cells.set(step, cells.get(step) === 'no' || fault !== null ? 'no' : 'yes')
      }
    }
  return cells
}

const HEADINGS: Readonly<Record<Step, string>> = {
  whole: 'whole',
  streamed: 'streamed',
  tool: 'tools',
  schema: 'JSON schema',
  embedding: 'embeddings',
  unknown: 'unknown model',
  refused: 'budget used up',
  waits: 'asks again as told',
  leaves: 'leaves',
}

const rows = new Map<string, string[]>()
for (const client of clients) {
  await shown(client)
  const cells = await tried(client)
  const row = [client.heading, installed.version(client) ?? '?', ...STEPS.map((step) => cells.get(step) ?? '-')]
  rows.set(client.heading, row)
  console.log(row.join(' | '))
}
await stage.close()
if (values.write) {
  // Those that were not asked for keep theirs.
  const before = new Map(readTable(PAGE.text, 'tried').map((row) => [row[0], row]))
  const table = {
    head: ['client', 'version', ...STEPS.map((step) => HEADINGS[step])],
    rows: CLIENTS.map(({ heading }) => rows.get(heading) ?? before.get(heading) ?? [heading]),
  }
  const path = join(ROOT, PAGE.path)
  await writeFile(path, await filled(await readFile(path, 'utf8'), { tried: () => markdown(table) }))
}
process.exitCode = failed ? 1 : 0
