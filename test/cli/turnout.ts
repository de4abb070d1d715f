import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { main } from '../../src/cli/main.ts'
import { within } from '../support/await.ts'

/** The built command. */
export const COMMAND = fileURLToPath(new URL('../../src/cli/turnout.js', import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly child: ChildProcess
  /** Standard error so far. */
  said(): string
  /** Resolves with standard error once it matches; rejects when the process ends first. */
  until(pattern: RegExp): Promise<string>
  readonly ended: Promise<Ran>
}

interface Options {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}

/** The built command in a process of its own; of this environment it gets only PATH, so no key of the machine. */
export function start(args: readonly string[], { cwd, env = {}, input = '' }: Options): Running {
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd, env: { PATH: process.env['PATH'], ...env } })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }))
  return {
    child,
    ended,
    said: () => err,
    until(pattern) {
      const seen = new Promise<string>((resolve) => {
        const look = (): void => {
          if (pattern.test(err)) resolve(err)
        }
        child.stderr.on('data', look)
        look()
      })
      const early = ended.then(({ code }) => {
        if (pattern.test(err)) return err
        throw new Error(`ended with ${code} before ${String(pattern)}:\n${err}`)
      })
      return within(30_000, `${String(pattern)} in "${err}"`, Promise.race([seen, early]))
    },
  }
}

export const run = (args: readonly string[], options: Options): Promise<Ran> =>
  within(30_000, `turnout ${args.join(' ')}`, start(args, options).ended)

/** The command in this process: many runs, little time. Nothing of this environment is seen. */
export async function runHere(args: readonly string[], { cwd, env = {}, input = '' }: Options): Promise<Ran> {
  const said = { out: '', err: '' }
  const code = await main(args, {
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
    stdin: Readable.from([Buffer.from(input)]),
    env,
    cwd,
  })
  return { code, ...said }
}

/** Engines of this machine are not found. */
export const NOWHERE = { TURNOUT_DETECT_HOST: 'nowhere.invalid' }

/** As one line what a terminal of 80 columns has in several. */
export const unwrapped = (text: string): string => text.replace(/\n(?=[^\n])/g, ' ')
