/** Child processes: on their own core, ended by their own pid. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'

/** Which core a process runs on; null where nothing is pinned. */
export interface Pinning {
  readonly proxy: number
  readonly rest: number
}

/** One core for the proxy, another one for load and upstream; null without `taskset` or a second core. The runner goes with the rest. */
export function pinCores(): Pinning | null {
  if (availableParallelism() < 2) return null
  const pinning = { proxy: 0, rest: 1 }
  for (const core of [pinning.proxy, pinning.rest])
    if (spawnSync('taskset', ['-c', String(core), 'true']).status !== 0) return null
  spawnSync('taskset', ['-a', '-cp', String(pinning.rest), String(process.pid)])
  return pinning
}

export interface ChildOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly core: number | null
  /** With a channel for messages. */
  readonly ipc: boolean
  readonly stdout: number | 'ignore'
  readonly stderr: number | 'inherit'
}

/** `taskset` replaces itself by the command, so the pid is the command's. */
export function startChild({ command, args, core, ipc, stdout, stderr }: ChildOptions): ChildProcess {
  const stdio = ['ignore' as const, stdout, stderr, ...(ipc ? ['ipc' as const] : [])]
  return core === null
    ? spawn(command, args, { stdio })
    : spawn('taskset', ['-c', String(core), command, ...args], { stdio })
}

/** The next message; rejects where the child ends instead. */
export function message<T>(child: ChildProcess, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => settle(() => reject(new Error(`no word of a child process in ${limitMs} ms`))),
      limitMs,
    )
    const onMessage = (value: unknown): void => settle(() => resolve(value as T))
    const onExit = (code: number | null): void => settle(() => reject(new Error(`a child process ended with ${code}`)))
    const settle = (then: () => void): void => {
      clearTimeout(timer)
      child.off('message', onMessage).off('exit', onExit)
      then()
    }
    child.on('message', onMessage).on('exit', onExit)
  })
}

/** SIGTERM, and SIGKILL for one that does not hear it. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  const last = setTimeout(() => child.kill('SIGKILL'), 10_000)
  child.kill('SIGTERM')
  await gone
  clearTimeout(last)
}
