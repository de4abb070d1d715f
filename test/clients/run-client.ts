/** Runs the programs of one client: those that docs/clients.md shows, and its probe. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Client } from './clients.ts'
import type { Installed } from './installed.ts'
import type { Line, Step } from './judge.ts'
import type { Section } from './page.ts'
import type { Ground } from './stage.ts'

const LIMIT_MS = 180_000
export const PROBES = join(import.meta.dirname, '../../../test/clients/probes')
/** As the page has them. */
const [ADDRESS, ANY_KEY] = ['http://127.0.0.1:7070', 'unused']

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

type Address = Pick<Ground, 'url' | 'key'>
type Interpreters = Pick<Installed, 'interpreter'>
type Env = Readonly<Record<string, string>>

async function ran(command: string, args: readonly string[], cwd: string, env: Env): Promise<Ran> {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: `${dirname(command)}:/usr/local/bin:/usr/bin:/bin`, HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

/** In a folder of its own, from where the packages of the client are found. */
async function inFolder<T>(folder: string, work: (cwd: string) => Promise<T>): Promise<T> {
  const cwd = await mkdtemp(join(folder, 'run-'))
  try {
    return await work(cwd)
  } finally {
    await rm(cwd, { recursive: true, force: true })
  }
}

async function program(client: Client, installed: Interpreters, text: string, env: Env): Promise<Ran> {
  const { command, folder } = installed.interpreter(client)
  return inFolder(folder, async (cwd) => {
    const file = join(cwd, client.runtime === 'node' ? 'program.mjs' : 'program.py')
    await writeFile(file, text)
    return ran(command, [file], cwd, env)
  })
}

/** What the page shows, with the address and the key of this gateway. */
export async function runShown(
  client: Client,
  section: Section,
  ground: Address,
  installed: Interpreters,
): Promise<Ran[]> {
  const here = (text: string): string => text.replaceAll(ADDRESS, ground.url).replaceAll(ANY_KEY, ground.key)
  const programs = section.blocks.filter(({ language }) => language !== '')
  const outcomes: Ran[] = []
  for (const { text } of programs) outcomes.push(await program(client, installed, here(text), {}))
  if (client.file !== undefined) {
    const [file, commands] = section.blocks.filter(({ language }) => language === '')
    const { command, folder } = installed.interpreter(client)
    outcomes.push(
      await inFolder(folder, async (cwd) => {
        await writeFile(join(cwd, client.file!), here(file?.text ?? ''))
        const script = here(commands?.text ?? 'false')
        const path = `${dirname(command)}:/usr/bin:/bin`
        return ran('/bin/bash', ['-e', '-c', script], cwd, { PATH: path, LLM_USER_PATH: cwd })
      }),
    )
  }
  return outcomes
}

/** A program without address and key, with the page's variables in its environment. */
export const runBare = (
  client: Client,
  text: string,
  page: Env,
  ground: Address,
  installed: Interpreters,
): Promise<Ran> =>
  program(
    client,
    installed,
    text,
    Object.fromEntries(
      Object.entries(page).map(([name, value]) => [
        name,
        value.replace(ADDRESS, ground.url).replace(ANY_KEY, ground.key),
      ]),
    ),
  )

/** These steps of the probe, by name; a step that ended the probe or is none of its own is absent. */
export async function runSteps(
  client: Client,
  steps: readonly Step[],
  ground: Ground,
  installed: Interpreters,
): Promise<ReadonlyMap<string, Line>> {
  const { command, folder } = installed.interpreter(client)
  return inFolder(folder, async (cwd) => {
    for (const file of [client.probe, client.runtime === 'node' ? 'probe.mjs' : 'probe.py'])
      await copyFile(join(PROBES, file), join(cwd, file))
    const { out, err } = await ran(command, [join(cwd, client.probe)], cwd, {
      TURNOUT_URL: ground.url,
      TURNOUT_KEY: ground.key,
      TURNOUT_POOR_KEY: ground.poorKey,
      TURNOUT_MODEL: ground.model,
      TURNOUT_STEPS: steps.join(','),
      LLM_USER_PATH: cwd,
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
    })
    const lines = out
      .split('\n')
      .filter((text) => text.startsWith('{"step"'))
      .map((text) => JSON.parse(text) as Line)
    if (lines.length === 0) console.log(err.slice(-1_000))
    return new Map(lines.map((line) => [line.step, line]))
  })
}
