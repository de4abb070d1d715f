/** One engine that the gateway starts: its process, its port and its note; when it is started and stopped its group says. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { OwnEngineEvent } from '../../core/events.ts'
import type { BackendSpec, EngineSpec } from '../../core/settings.ts'
import type { KeeperLink } from './keeper-link.ts'
import type { Notes } from './notes.ts'
import { Output } from './output.ts'
import { isTaken } from './port.ts'
import { EngineProcess } from './process.ts'
import { inheritedFrom } from './inherited.ts'
import type { StopReason } from './schedule.ts'

/** `closing`: the gateway ends. */
export type EndReason = StopReason | 'closing'

export interface EngineTools {
  /** Monotonic, ms. */
  readonly now: () => number
  readonly emit: (event: OwnEngineEvent) => void
  readonly keeper: KeeperLink
  readonly notes: Notes
  /** Of the gateway. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** What is told of it to its group. */
export interface EngineNews {
  ready(engine: Engine): void
  ended(engine: Engine): void
}

export interface EngineHooks {
  /** Whether it answers; asked while its process lives, and only then. Never rejects. */
  probe(): Promise<boolean>
  /** Its phase is another one. */
  moved(engine: Engine): void
}

/** Looks at a starting engine are so far apart at first, and at the most. */
const FIRST_LOOK_MS = 50
const LONGEST_LOOK_MS = 1_000

export class Engine {
  readonly hooks: EngineHooks
  /** Why its last run ended, or did not begin; null where it did as it was told. */
  failure: string | null = null
  #backend: BackendSpec
  readonly #tools: EngineTools
  #process: EngineProcess | null = null
  /** Of the run that there is. */
  #startedAt = 0
  #answers = false
  /** Why it is ended by the gateway: `ended` of its process is no failure then. */
  #stopping: EndReason | 'late' | null = null
  /** Resolved when the run that there is, or was last, has left nothing. */
  #over: Promise<void>

  /** `after`: nothing is started before it is over. */
  constructor(backend: BackendSpec, tools: EngineTools, hooks: EngineHooks, after: Promise<void>) {
    this.#over = after
    this.#backend = backend
    this.#tools = tools
    this.hooks = hooks
  }

  get name(): string {
    return this.#backend.name
  }

  get spec(): EngineSpec {
    return this.#backend.engine!
  }

  /** Null: it has no process. */
  get pid(): number | null {
    return this.#process?.pid ?? null
  }

  /** What is started from now on. */
  describe(backend: BackendSpec): void {
    this.#backend = backend
  }

  /** Resolves when it has no process, and none is about to be. */
  over(): Promise<void> {
    return this.#over
  }

  /** Starts it, and tells when it answers, and when it has ended. */
  start(news: EngineNews): void {
    this.#over = this.#over.then(() => this.#live(news))
  }

  /** One run, to its end. Never rejects. */
  async #live(news: EngineNews): Promise<void> {
    const backend = this.#backend
    const { port } = new URL(backend.root)
    this.#startedAt = this.#tools.now()
    this.#answers = false
    this.failure = null
    if (this.#stopping !== null) return this.#ended(null, news)
    this.#tools.emit({ event: 'engine_starting', backend: this.name, group: this.spec.group })
    const taken = await this.#portFault(backend.root, port)
    if (this.#stopping !== null) return this.#ended(null, news)
    if (taken !== null) return this.#ended(taken, news)
    await this.#run(backend, port, news)
  }

  stop(why: EndReason): void {
    this.#stopping ??= why
    this.#process?.stop()
  }

  /** On the way out after a fault: at once, without a word. */
  kill(): void {
    this.#process?.kill()
  }

  async #portFault(root: string, port: string): Promise<string | null> {
    const left = await this.#tools.notes.endLeftOver(port)
    if (left !== null) this.#tools.emit({ event: 'engine_left_over', ...left })
    if (left?.fate === 'kept') return `port ${port} has the engine of another gateway, process ${left.pid}`
    return (await isTaken(root)) ? `port ${port} is taken by another program` : null
  }

  async #run(backend: BackendSpec, port: string, news: EngineNews): Promise<void> {
    const { keeper, notes, env } = this.#tools
    const spec = backend.engine!
    const output = this.#outputOf(backend)
    let end: (why: string) => void = () => undefined
    const ended = new Promise<string>((resolve) => (end = resolve))
    const hooks = { output: (from: 0 | 1, text: string) => output.push(from, text), ended: (why: string) => end(why) }
    const process = new EngineProcess(spec, inheritedFrom(env), hooks)
    this.#process = process
    const { pid } = process
    if (pid !== null) keeper.add(pid)
    const noted = pid === null ? Promise.resolve() : notes.write(port, pid, spec.command)
    void this.#watch(process, spec, ended, news)
    const why = await ended
    this.#process = null
    if (pid !== null) keeper.remove(pid)
    // The note of this run must not take away that of the next.
    await noted
    await notes.remove(port)
    this.#ended(why, news, output.last)
  }

  /** Until it answers, has ended, or took too long. */
  async #watch(process: EngineProcess, spec: EngineSpec, ended: Promise<string>, news: EngineNews): Promise<void> {
    let gone = false
    void ended.then(() => (gone = true))
    const until = this.#startedAt + spec.startMs
    for (let pause = FIRST_LOOK_MS; !gone; pause = Math.min(pause * 1.5, LONGEST_LOOK_MS)) {
      await Promise.race([sleep(pause), ended])
      if (gone || this.#stopping !== null) return
      const answers = await this.hooks.probe()
      // What answered is not this one where it ended meanwhile.
      if (gone || this.#stopping !== null) return
      if (answers) return this.#ready(news)
      if (this.#tools.now() < until) continue
      this.#stopping = 'late'
      process.stop()
      return
    }
  }

  #ready(news: EngineNews): void {
    this.#answers = true
    const seconds = (this.#tools.now() - this.#startedAt) / 1000
    this.#tools.emit({ event: 'engine_started', backend: this.name, seconds })
    news.ready(this)
  }

  #ended(why: string | null, news: EngineNews, words: readonly string[] = []): void {
    const asked = this.#stopping
    this.#stopping = null
    this.failure =
      asked === 'late' ? `did not answer within ${this.spec.startMs / 1000} s` : asked === null ? why : null
    // What it printed once it had requests may hold prompts.
    const shown = this.#answers ? [] : words
    const { emit } = this.#tools
    news.ended(this)
    if (asked !== null && asked !== 'late') emit({ event: 'engine_stopped', backend: this.name, why: asked })
    else
      emit({
        event: 'engine_failed',
        backend: this.name,
        while: this.#answers ? 'running' : 'starting',
        why: this.failure ?? '',
        words: shown,
      })
  }

  #outputOf({ key, engine }: BackendSpec): Output {
    const { now, emit } = this.#tools
    return new Output({
      now,
      secrets: [...(key === null ? [] : [key]), ...Object.values(engine?.env ?? {})],
      line: (line, left) => emit({ event: 'engine_output', backend: this.name, line, ...(left === 0 ? {} : { left }) }),
    })
  }
}
