/** One run of an engine: a process with a group of its own, so that what it has started ends with it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { EngineSpec } from '../../core/settings.ts'
import { GRACE_MS, signalGroup } from './end-group.ts'

export interface ProcessHooks {
  readonly output: (from: 0 | 1, text: string) => void
  /** It is gone, with all that it had started. `why`: for people, such as `ended with code 1`. Called once, and never before the process is returned. */
  readonly ended: (why: string) => void
}

export class EngineProcess {
  readonly #child: ChildProcess
  readonly #hooks: ProcessHooks
  #over = false
  #limit: NodeJS.Timeout | null = null

  constructor(spec: EngineSpec, env: Readonly<Record<string, string>>, hooks: ProcessHooks) {
    const [program = '', ...args] = spec.command
    this.#hooks = hooks
    this.#child = spawn(program, args, {
      cwd: spec.cwd,
      env: { ...env, ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const { stdout, stderr } = this.#child
    for (const [from, stream] of [stdout, stderr].entries())
      stream?.setEncoding('utf8').on('data', (text: string) => hooks.output(from === 0 ? 0 : 1, text))
    this.#child.once('error', (error) => this.#end(notStarted(error, program, spec.cwd)))
    this.#child.once('exit', (code, signal) =>
      this.#end(signal === null ? `ended with code ${code}` : `ended by ${signal}`),
    )
  }

  /** Null where it could not be started. */
  get pid(): number | null {
    return this.#child.pid ?? null
  }

  /** Asks it to end, and ends it where it does not. */
  stop(): void {
    if (this.#over || this.#limit !== null) return
    this.#signal('SIGTERM')
    this.#limit = setTimeout(() => this.#signal('SIGKILL'), GRACE_MS)
  }

  /** At once: for the way out after a fault. */
  kill(): void {
    if (!this.#over) this.#signal('SIGKILL')
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.pid !== null) signalGroup(this.pid, signal)
  }

  #end(why: string): void {
    if (this.#over) return
    this.#over = true
    if (this.#limit !== null) clearTimeout(this.#limit)
    // What it has started may outlive it.
    this.#signal('SIGKILL')
    this.#hooks.ended(why)
  }
}

/** Never the arguments: they may hold a key. */
function notStarted({ code }: NodeJS.ErrnoException, program: string, cwd: string): string {
  const name = basename(program)
  if (!existsSync(cwd)) return `could not be started: there is no folder "${basename(cwd)}" to run it in`
  if (code === 'ENOENT') return `could not be started: there is no program "${name}"`
  return code === 'EACCES'
    ? `could not be started: "${name}" may not be run`
    : `could not be started: ${code ?? 'unknown error'}`
}
