/** Runs one agent in an empty folder with an empty home, set up by the lines that `turnout connect` prints. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AGENTS, type Aim } from '../../src/cli/agents.ts'
import type { RealAgent } from './agents.ts'
import { fileOf, promptOf, seen } from './scripted-model.ts'

export interface Outcome {
  readonly agent: string
  readonly mark: string
  readonly code: number | null
  readonly ms: number
  /** The file is there and holds what the command wrote. */
  readonly file: boolean
  /** The model saw the output of the command, and the agent its last word. */
  readonly done: boolean
  /** Both streams. */
  readonly said: string
}

export interface Where {
  /** Of the commands. */
  readonly bin: string
  /** An own folder is made in it. */
  readonly root: string
  readonly key: string
  readonly limitMs: number
}

export async function runAgent(agent: RealAgent, mark: string, aim: Aim, where: Where): Promise<Outcome> {
  const home = join(where.root, mark, 'home')
  const work = join(where.root, mark, 'work')
  await Promise.all([home, work].map((folder) => mkdir(folder, { recursive: true })))
  const setup = AGENTS.find(({ id }) => id === agent.id)
  if (setup === undefined) throw new Error(`turnout connect does not know ${agent.id}`)
  const files = { ...agent.files, ...(setup.file === null ? {} : { [setup.file]: setup.lines(aim) }) }
  for (const [name, text] of Object.entries(files)) {
    const path = name.startsWith('~/') ? join(home, name.slice(2)) : join(work, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
  const lines = setup.file === null ? setup.lines(aim) : ''
  const began = performance.now()
  const { code, said } = await shell(
    `${lines}\nexec ${[agent.command, ...agent.args(promptOf(mark), home)].map(quoted).join(' ')}`,
    work,
    {
      PATH: `${where.bin}:/usr/local/bin:/usr/bin:/bin`,
      HOME: home,
      TERM: 'dumb',
      LANG: 'C.UTF-8',
      TURNOUT_KEY: where.key,
      ...agent.env,
    },
    where.limitMs,
  )
  const ms = performance.now() - began
  const file =
    (await readdir(work)).includes(fileOf(mark)) &&
    (await readFile(join(work, fileOf(mark)), 'utf8')).trim() === seen(mark)
  return { agent: agent.id, mark, code, ms, file, done: said.includes(`DONE ${mark}`), said }
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** In a process group of its own, so that nothing of it is left behind. */
async function shell(
  script: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
  limitMs: number,
): Promise<{ code: number | null; said: string }> {
  const child = spawn('bash', ['-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const timer = setTimeout(() => end(child.pid), limitMs)
  const [code] = (await once(child, 'exit')) as [number | null]
  clearTimeout(timer)
  end(child.pid)
  return { code, said }
}

function end(group: number | undefined): void {
  try {
    if (group !== undefined) process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
