/** The processes of one run, and one scenario for one contender. */
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { endChild, message, type Pinning, startChild } from './child.ts'
import type { Name, Running, Site } from './contenders.ts'
import { type Allocated, BEGIN, END } from './garbage-meter.ts'
import type { Cell, Job, Load } from './job.ts'
import type { Options } from './options.ts'
import { familyOf, memoryMb } from './proc.ts'
import { start } from './start.ts'

/** A contender that runs, and what it has been asked so far. */
export interface Entrant {
  readonly running: Running
  readonly sent: { requests: number; outputTokens: number }
}

const LOOK_MS = 50

/** One run: its processes, and what they have been asked. */
export class Bench {
  readonly #site: Site
  readonly #load: ChildProcess
  readonly #upstream: ChildProcess
  readonly #entrants: Entrant[] = []

  private constructor(site: Site, load: ChildProcess, upstream: ChildProcess) {
    this.#site = site
    this.#load = load
    this.#upstream = upstream
  }

  static async open(options: Options, root: string, scratch: string, pinning: Pinning | null): Promise<Bench> {
    const child = (file: string): ChildProcess =>
      startChild({
        command: process.execPath,
        args: [join(import.meta.dirname, file)],
        core: pinning?.rest ?? null,
        ipc: true,
        stdout: 'ignore',
        stderr: 'inherit',
      })
    const upstream = child('upstream.js')
    const { port } = await message<{ port: number }>(upstream, 20_000)
    const load = child('load.js')
    await message(load, 20_000)
    const token = `sk-bench-${randomBytes(16).toString('hex')}`
    const { base, profiles } = options
    const site = { root, scratch, upstreamPort: port, core: pinning?.proxy ?? null, token, base, profiles }
    return new Bench(site, load, upstream)
  }

  async start(name: Name): Promise<Entrant> {
    const entrant = { running: await start(name, this.#site), sent: { requests: 0, outputTokens: 0 } }
    this.#entrants.push(entrant)
    return entrant
  }

  /** One load for one contender. A wrong answer ends the run. */
  async measure({ running, sent }: Entrant, load: Load, samples = false): Promise<Cell> {
    const job: Job = {
      name: `${running.name}, ${load.shape}`,
      port: running.port,
      token: this.#site.token,
      model: running.model,
      models: running.models,
      load,
      proxyPids: pidsOf(running),
      upstreamPid: this.#upstream.pid ?? 0,
      samples,
    }
    this.#load.send(job)
    const answer = await message<{ cell: Cell } | { failed: string }>(this.#load, 120_000)
    if ('failed' in answer) throw new Error(answer.failed)
    const { cell } = answer
    sent.requests += cell.completed
    sent.outputTokens += cell.outputTokens
    return cell
  }

  /** With the resident memory in MB at times of the load. */
  async measureMemory(entrant: Entrant, load: Load): Promise<{ cell: Cell; readings: number[] }> {
    const family = pidsOf(entrant.running)
    const readings: number[] = []
    const look = setInterval(() => readings.push(memoryMb(family)), LOOK_MS)
    try {
      return { cell: await this.measure(entrant, load), readings }
    } finally {
      clearInterval(look)
    }
  }

  /** Bytes allocated for each request. */
  async measureGarbage(entrant: Entrant, load: Load): Promise<{ cell: Cell; garbage: Allocated }> {
    const child = entrant.running.process
    if (child === null) throw new Error(`${entrant.running.name} has no process`)
    child.send(BEGIN)
    const cell = await this.measure(entrant, load)
    child.send(END)
    const { heap, external } = await message<Allocated>(child, 20_000)
    return { cell, garbage: { heap: heap / cell.completed, external: external / cell.completed } }
  }

  async close(): Promise<void> {
    for (const { running } of this.#entrants) await running.close()
    await endChild(this.#load)
    await endChild(this.#upstream)
  }
}

/** Of a contender and all that it started. */
export function pidsOf({ process }: Running): number[] {
  return process?.pid === undefined ? [] : familyOf(process.pid)
}
