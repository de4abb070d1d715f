/** The processes of one run, and one scenario for one contender. */
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { endChild, message, type Pinning, startChild } from './child.ts'
import { type Name, type Running, type Site, start } from './contenders.ts'
import type { Outcome } from './figures.ts'
import type { Cell, Job } from './job.ts'
import type { Options } from './options.ts'
import { familyOf, memoryMb } from './proc.ts'
import type { Scenario } from './scenarios.ts'

/** One run: its processes, and what they have been asked. */
export class Bench {
  readonly #site: Site
  readonly #load: ChildProcess
  readonly #upstream: ChildProcess
  /** Long-lived contenders, by name. */
  readonly running = new Map<Name, Running>()
  /** Answers of each long-lived contender, warm-up included. */
  readonly sent = new Map<Name, { requests: number; outputTokens: number }>()

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

  async start(name: Name): Promise<void> {
    this.running.set(name, await start(name, this.#site))
    this.sent.set(name, { requests: 0, outputTokens: 0 })
  }

  /** One scenario for one contender. A wrong answer ends the run. */
  async measure(name: Name, scenario: Scenario): Promise<Cell> {
    const running = this.running.get(name)!
    const cell = await this.#ask(running, scenario)
    const sent = this.sent.get(name)!
    sent.requests += cell.completed
    sent.outputTokens += cell.outputTokens
    return cell
  }

  /** Memory is read of a process that has done nothing else. */
  async measureFresh(name: Name, scenario: Scenario, idleMs: number): Promise<Omit<Outcome, 'round'>> {
    const fresh = await start(name, { ...this.#site, profiles: null })
    try {
      await new Promise((done) => setTimeout(done, idleMs))
      const family = familyOf(fresh.pid ?? 0)
      const idle = memoryMb(family).now
      const cell = await this.#ask(fresh, scenario)
      const { peak } = memoryMb(family)
      return { scenario: scenario.name, name, cell, memory: { idle, peak } }
    } finally {
      await fresh.close()
    }
  }

  async #ask(running: Running, scenario: Scenario): Promise<Cell> {
    const job: Job = {
      name: `${running.name}, ${scenario.name}`,
      port: running.port,
      token: this.#site.token,
      load: scenario.load,
      proxyPids: running.pid === null ? [] : familyOf(running.pid),
      upstreamPid: this.#upstream.pid ?? 0,
      samples: scenario.times !== null,
    }
    this.#load.send(job)
    const answer = await message<{ cell: Cell } | { failed: string }>(this.#load, 120_000)
    if ('failed' in answer) throw new Error(answer.failed)
    return answer.cell
  }

  async close(): Promise<void> {
    for (const running of this.running.values()) await running.close()
    await endChild(this.#load)
    await endChild(this.#upstream)
  }
}
