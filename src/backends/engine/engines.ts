/** The engines that this gateway starts: each in its group, all of them ended with the gateway. */
import { DEFAULT_ENGINE_GROUP } from '../../config/defaults.ts'
import type { BackendSpec, EngineGroupSpec } from '../../core/settings.ts'
import type { OwnEngineEvent } from '../../core/events.ts'
import { Engine, type EngineHooks } from './engine.ts'
import { Group, type Lease, type Refusal, type Ticket } from './group.ts'
import { KeeperLink } from './keeper-link.ts'
import type { EnginePhase } from './member.ts'
import { Notes } from './notes.ts'
import type { GroupRules } from './schedule.ts'

export interface EnginesTools {
  /** Monotonic, ms. */
  readonly now: () => number
  readonly emit: (event: OwnEngineEvent) => void
  /** Where notes of what runs lie. */
  readonly notes: string
  /** Of the gateway. */
  readonly env: Readonly<Record<string, string | undefined>>
}

type GroupSpecs = Readonly<Record<string, EngineGroupSpec>>

/** Of an engine without a group: nothing is stopped for it. */
const ALONE: GroupRules = { ...DEFAULT_ENGINE_GROUP, members: null }

export class Engines {
  readonly #tools: EnginesTools
  readonly #keeper = new KeeperLink()
  readonly #notes: Notes
  readonly #groups = new Map<string, Group>()
  readonly #all = new Set<Seat>()
  /** Those that are not wanted any more, while they end. */
  readonly #leaving = new Set<Engine>()
  #specs: GroupSpecs
  readonly #onExit = (): void => {
    for (const engine of this.#engines()) engine.kill()
  }

  constructor(specs: GroupSpecs, tools: EnginesTools) {
    this.#specs = specs
    this.#tools = tools
    this.#notes = new Notes(tools.notes)
  }

  /** Ends what gateways that were killed have left running. */
  async endLeftOvers(): Promise<void> {
    for (const left of await this.#notes.endLeftOvers())
      if (left.fate === 'ended') this.#tools.emit({ event: 'engine_left_over', ...left })
  }

  /** `backend` has an engine. `after`: nothing is started before it is over. */
  add(backend: BackendSpec, hooks: EngineHooks, after: Promise<void> = Promise.resolve()): Seat {
    if (this.#all.size === 0) process.once('exit', this.#onExit)
    const { now, emit, env } = this.#tools
    const tools = { now, emit, env, keeper: this.#keeper, notes: this.#notes }
    const engine = new Engine(backend, tools, hooks, after)
    const group = this.#groupOf(backend)
    group.add(engine)
    const seat = new Seat(engine, group, () => {
      this.#all.delete(seat)
      this.#leaving.add(engine)
      void engine.over().then(() => this.#leaving.delete(engine))
    })
    this.#all.add(seat)
    return seat
  }

  /** What groups have in common from now on. */
  rule(specs: GroupSpecs): void {
    this.#specs = specs
    for (const [name, group] of this.#groups) group.rule(this.#rulesOf(name))
  }

  /** Ends all of them. Nothing of them is left when it resolves. */
  async close(): Promise<void> {
    for (const { group } of this.#all) group.close()
    for (const group of this.#groups.values()) group.close()
    const engines = this.#engines()
    for (const engine of engines) engine.stop('closing')
    await Promise.all(engines.map((engine) => engine.over()))
    this.#keeper.close()
    process.off('exit', this.#onExit)
  }

  #engines(): Engine[] {
    return [...Array.from(this.#all, ({ engine }) => engine), ...this.#leaving]
  }

  #groupOf({ engine }: BackendSpec): Group {
    const name = engine?.group ?? null
    if (name === null) return new Group(ALONE, this.#tools.now)
    let group = this.#groups.get(name)
    if (group === undefined) {
      group = new Group(this.#rulesOf(name), this.#tools.now)
      this.#groups.set(name, group)
    }
    return group
  }

  #rulesOf(name: string): GroupRules {
    return this.#specs[name] ?? DEFAULT_ENGINE_GROUP
  }
}

/** The engine of one backend, as the fleet sees it. */
export class Seat {
  readonly engine: Engine
  readonly group: Group
  readonly #left: () => void
  #retired: Promise<void> | null = null

  constructor(engine: Engine, group: Group, left: () => void) {
    this.engine = engine
    this.group = group
    this.#left = left
  }

  get phase(): EnginePhase {
    return this.#retired === null ? this.group.phase(this.engine) : 'stopped'
  }

  /** How long a call that comes now is expected to wait, ms; 0: it is sent at once. */
  get waitMs(): number {
    return this.#retired === null ? this.group.waitMs(this.engine) : 0
  }

  /** Whether a call of it may be sent at once. */
  enter(): Lease | null {
    return this.#retired === null ? this.group.enter(this.engine) : null
  }

  wait(): Ticket {
    if (this.#retired === null) return this.group.wait(this.engine)
    const gone: Refusal = { why: 'failed', retryMs: 0 }
    return { admitted: Promise.resolve(gone), leave: () => undefined }
  }

  /** Another description of the same. `again`: its command or what is around it is another one, so that what runs ends with its calls. */
  describe(backend: BackendSpec, again: boolean): void {
    this.engine.describe(backend)
    this.group.renew(this.engine, again)
  }

  /** It is not wanted any more: it ends with its calls. Resolves when it has. */
  retire(): Promise<void> {
    if (this.#retired !== null) return this.#retired
    const gone = this.group.retire(this.engine)
    this.#retired = gone
    void gone.then(this.#left)
    return gone
  }
}
