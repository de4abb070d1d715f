import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { main } from '../../src/cli/main.ts'
import { hashOf } from '../../src/keys/secret.ts'
import { type Running, start } from '../cli/turnout.ts'
import { eventually, within } from '../support/await.ts'
import { type Block, blocks, DOCUMENTS, README } from '../support/documents.ts'

/** Engines of this machine must not be found. */
const NOWHERE = { TURNOUT_DETECT_HOST: 'nowhere.invalid' }
const TOKEN = 'admin-token-of-the-documents'
const QUESTION = { model: 'auto', messages: [{ role: 'user', content: 'Hello' }] }

/** `\` at the end of a line continues it. Comments and commands that change the checkout or last for minutes are left out. */
const commandsOf = ({ text }: Block): string[] =>
  text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line !== '' && !/^(?:npm|npx tsc|npx tap|docker|#)\b/.test(line))

const portOf = (said: string, what: string): string =>
  new RegExp(`${what} http://127\\.0\\.0\\.1:(\\d+)`).exec(said)?.[1] ?? ''

/** What `turnout serve` in `cwd` says once it listens. */
async function serve(cwd: string, env: Readonly<Record<string, string>>): Promise<{ gateway: Running; said: string }> {
  const gateway = start(['serve', '--port', '0'], { cwd, env: { ...NOWHERE, ...env } })
  t.teardown(() => gateway.child.kill('SIGKILL'))
  return { gateway, said: await gateway.until(/listening on [^]*-d '[^']*'\n/) }
}

type Env = Readonly<Record<string, string>>

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly said: string
}

/** A line of a document, by a shell; curl fails where the answer is an error. */
async function shell(line: string, cwd: string, env: Env): Promise<Ran> {
  const child = spawn('bash', ['-o', 'pipefail', '-c', line.replace(/^curl /, 'curl --fail-with-body ')], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await within(30_000, line, once(child, 'close'))) as [number | null]
  return { code, out, said: said + out }
}

/** Words of a command up to its comment or redirection, with the values of variables. */
const wordsOf = (line: string, env: Env): string[] =>
  ((/^(?:"[^"]*"|[^"#>])*/.exec(line)?.[0] ?? '').match(/(?:"[^"]*"|[^"\s])+/g) ?? []).map((word) =>
    word.replaceAll('"', '').replace(/\$(\w+)/g, (_, name: string) => env[name] ?? ''),
  )

/** `npx turnout COMMAND ..` within this process: twenty processes would take twenty seconds to load the same modules. */
async function turnout(line: string, cwd: string, env: Env): Promise<Ran> {
  const [, , ...argv] = wordsOf(line, env)
  let out = ''
  let said = ''
  const io = {
    stdout: { write: (text: string): void => void (out += text) },
    stderr: { write: (text: string): void => void (said += text) },
    stdin: process.stdin,
    env,
    cwd,
  }
  const code = await within(30_000, line, main(argv, io))
  return { code, out, said: said + out }
}

const run = (line: string, cwd: string, env: Env): Promise<Ran> =>
  line.startsWith('npx turnout ') ? turnout(line, cwd, env) : shell(line, cwd, env)

const configuration = (backend: string, strategy: string): string => `
backends: [{ name: demo, kind: openai-compatible, url: '${backend}', models: [demo-swift, demo-sage] }]
routes:
  - { name: coding, candidates: ['*'] }
  - { name: default, candidates: ['*'], strategy: ${strategy} }
server: { log_decisions: always }
store: { state: ./state.json, ledger: ./ledger, keys: ./keys.json }
admin: { port: 0, token: 'sha256:${hashOf(TOKEN)}' }
`

t.test('every command of a sh block runs', async (t) => {
  const cwd = t.testdir({})
  // Without keys and configuration, as the README begins; behind it a gateway that keeps keys, rows and what was learnt.
  const empty = join(cwd, 'empty')
  await mkdir(empty)
  const { said } = await serve(empty, {})
  const url = `http://127.0.0.1:${portOf(said, 'listening on')}`
  await writeFile(join(cwd, 'request.json'), JSON.stringify(QUESTION))
  await writeFile(join(cwd, 'turnout.yaml'), configuration(`${url}/v1`, 'balanced'))
  await writeFile(join(cwd, 'cheaper.yaml'), configuration(`${url}/v1`, 'cheap'))

  const first = await serve(cwd, {})
  const { out: made } = await turnout('npx turnout key create --id someone --json', cwd, NOWHERE)
  const { secret } = JSON.parse(made) as { secret: string }
  const second = `http://127.0.0.1:${portOf(first.said, 'listening on')}`
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
  const ask = async (gateway: string): Promise<Response> => {
    const answer = await fetch(`${gateway}/v1/chat/completions`, {
      method: 'POST',
      headers,
      body: JSON.stringify(QUESTION),
    })
    await answer.arrayBuffer()
    return answer
  }
  // The running gateway reads the file of keys within a second.
  await eventually(10_000, 'an answer with the new key', async () => (await ask(second)).status === 200)
  // What was learnt is written at the stop.
  first.gateway.child.kill('SIGTERM')
  const { out: log } = await within(10_000, 'the end', first.gateway.ended)
  await writeFile(join(cwd, 'traffic.jsonl'), log)
  const { said: again } = await serve(cwd, {})

  const requestId = (await ask(url)).headers.get('x-request-id') ?? ''
  const here = (line: string): string =>
    line
      .replaceAll('http://127.0.0.1:7070', url)
      .replaceAll('http://127.0.0.1:7071', `http://127.0.0.1:${portOf(again, 'admin API on')}`)
      .replaceAll('<x-request-id of the answer>', requestId)
      .replace('turnout connect', `turnout connect --url ${url}`)
      .replace('turnout sessions', `turnout sessions --url http://127.0.0.1:${portOf(again, 'admin API on')}`)
  // What looks for the gateway that runs finds the first one.
  const env = {
    ...NOWHERE,
    TURNOUT_KEY: secret,
    TURNOUT_PORT: portOf(said, 'listening on'),
    ADMIN_TOKEN: TOKEN,
    TURNOUT_ADMIN_TOKEN: TOKEN,
  }
  let ran = 0
  for (const block of DOCUMENTS.flatMap(blocks).filter(({ language }) => language === 'sh'))
    for (const line of commandsOf(block)) {
      const { code, said } = await run(here(line), cwd, env)
      t.equal(code, 0, `${block.document}:${block.line}: ${line}`, { said })
      ran += 1
    }
  t.ok(ran > 15, `${ran} commands`)
})

/** All of `part` is in `whole`, in the same order. */
function isPartOf(part: readonly string[], whole: readonly string[]): boolean {
  let at = -1
  return part.every((one) => (at = whole.indexOf(one, at + 1)) >= 0)
}

t.test('the README shows what it prints', async (t) => {
  const cwd = t.testdir({})
  const { said } = await serve(cwd, {})
  const url = `http://127.0.0.1:${portOf(said, 'listening on')}`
  const all = blocks(README)
  const shown = (command: string): string => {
    const found = all.find(({ outputOf }) => outputOf === command)?.text
    if (found === undefined) throw new Error(`the README has no output of ${command}`)
    return found
  }
  const commands = all.filter(({ language }) => language === 'sh').flatMap(commandsOf)
  const printed = async (command: string): Promise<string> => {
    const line = commands.find((one) => one.startsWith(command)) ?? 'false'
    return (await shell(line.replaceAll('http://127.0.0.1:7070', url), cwd, {})).said
  }

  t.equal(shown('npm start').trim(), said.replaceAll(url, 'http://127.0.0.1:7070').trim())

  const names = (text: string): string[] => [...text.matchAll(/^x-[\w-]+|^\{"id"/gm)].map(([name]) => name).sort()
  const answer = 'curl -si http://127.0.0.1:7070/v1/chat/completions'
  t.strictSame(names(shown(answer)), names(await printed(answer)))

  /** Figures differ from run to run: the first words of the lines, which are labels and names of candidates. */
  const labels = (text: string): string[] =>
    text
      .split('\n')
      .map((line) => /^\S+/.exec(line)?.[0] ?? '')
      .filter((label) => label !== '')
      .sort()
  /** Two lines above the candidates: the headings, and their units. */
  const headings = (text: string): string[][] =>
    text
      .split('\n')
      .filter((line) => /^(?:candidate| {20})/.test(line))
      .map((line) => line.trim().split(/\s+/))
  const table = 'curl -s http://127.0.0.1:7070/v1/route'
  const [example, real] = [shown(table), await printed(table)]
  t.strictSame(labels(example), labels(real))
  const [[heads = [], units = []], [realHeads = [], realUnits = []]] = [headings(example), headings(real)]
  t.ok(isPartOf(heads, realHeads), `${heads.join(' ')} in ${realHeads.join(' ')}`)
  t.ok(isPartOf(units, realUnits), `${units.join(' ')} in ${realUnits.join(' ')}`)
  // The README may leave out an estimate, but no term: the terms sum to the utility.
  const terms = realUnits.filter((unit) => unit === 'term').length
  t.ok(terms > 0)
  t.strictSame(units.slice(-terms - 1), realUnits.slice(-terms - 1))
  t.strictSame(heads.slice(-terms - 1), realHeads.slice(-terms - 1))
})

t.test('the program of the README prints an answer', async (t) => {
  const cwd = t.testdir({})
  const { said } = await serve(cwd, {})
  const [program] = blocks(README).filter(({ language }) => language === 'js')
  const url = `http://127.0.0.1:${portOf(said, 'listening on')}`
  // In a folder of the checkout, so the package `openai` is found.
  await writeFile(join(cwd, 'program.mjs'), (program?.text ?? '').replaceAll('http://127.0.0.1:7070', url))
  const { code, said: text } = await shell(`'${process.execPath}' program.mjs`, cwd, {})
  t.equal(code, 0)
  t.match(text, /^This is demo-\w+, a simulation built into Turnout/)
})
