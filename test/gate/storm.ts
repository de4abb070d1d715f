/** Requests, ends, refusals and failures at random, before one gate; what went through it is written down. */
import type { Test } from 'tap'
import type { BackendKey, BackendLimits } from '../../src/core/settings.ts'
import type { Pass } from '../../src/backends/gate/pass.ts'
import { pick, seeded } from '../support/random.ts'
import { type Asked, GateBench, key, limits } from './gate-bench.ts'

interface Sent {
  readonly key: string
  readonly at: number
  readonly pass: Pass
  /** As they count. */
  tokens: number
}

export class Storm {
  readonly all: Asked[] = []
  readonly sent: Sent[] = []
  readonly limits: BackendLimits
  readonly bench: GateBench
  readonly #keys: readonly BackendKey[]
  readonly #random: () => number
  readonly #open: Asked[] = []
  #held = false
  #restsUntil = 0
  #seen = 0

  constructor(test: Test, seed: number) {
    const random = (this.#random = seeded(seed))
    const some = (share: number, number: number): number | null => (random() < share ? number : null)
    this.limits = limits({
      rpm: some(0.6, 5 + Math.floor(20 * random())),
      tpm: some(0.6, 2_000 + Math.floor(4_000 * random())),
      parallel: some(0.8, 1 + Math.floor(4 * random())),
      queue: Math.floor(20 * random()),
      queueWaitMs: 1_000 + Math.floor(60_000 * random()),
    })
    this.#keys = random() < 0.5 ? [] : ['a', 'b', 'c'].map((name) => key(name))
    this.bench = new GateBench(test, { keys: this.#keys, limits: this.limits })
  }

  get keys(): readonly string[] {
    return this.#keys.length === 0 ? [''] : this.#keys.map(({ name }) => name)
  }

  /** Calls that are open, by key. */
  open(name: string): number {
    return this.#open.filter(({ pass }) => nameOf(pass!) === name).length
  }

  /** Only places are short, and nothing else keeps a request from one. */
  get onlyPlaces(): boolean {
    const { rpm, tpm, parallel } = this.limits
    return rpm === null && tpm === null && parallel !== null && !this.#held && this.#restsUntil <= this.bench.clock.time
  }

  async step(): Promise<void> {
    const what = this.#random()
    if (what < 0.5) this.#ask()
    else if (what < 0.6) this.all[Math.floor(this.#random() * this.all.length)]?.cancel()
    else if (what < 0.7) this.#hold(what < 0.62)
    else if (what < 0.9) this.#end()
    else await this.bench.pass(Math.floor(3_000 * this.#random()))
    await this.bench.told()
    for (const one of this.bench.served.slice(this.#seen)) this.#note(one)
    this.#seen = this.bench.served.length
  }

  #ask(): void {
    const random = this.#random
    this.all.push(
      this.bench.ask({
        caller: pick(random, ['k0', 'k1', 'k2', 'k3']),
        priority: pick(random, [0, 1, 2]),
        model: pick(random, ['a', 'b']),
        input: Math.floor(600 * random()),
        output: Math.floor(200 * random()),
        latest: random() < 0.3 ? this.bench.clock.time + 20_000 * random() : Infinity,
        others: random() < 0.5,
      }),
    )
  }

  #hold(held: boolean): void {
    this.#held = held
    if (held) this.bench.gate.hold(true)
    else this.bench.gate.release()
  }

  #end(): void {
    const random = this.#random
    const [one] = this.#open.splice(Math.floor(random() * this.#open.length), 1)
    if (one === undefined) return
    const { pass, entrant } = one
    if (random() < 0.1) {
      const ms = 5_000 * random()
      this.#restsUntil = Math.max(this.#restsUntil, this.bench.clock.time + ms)
      this.bench.gate.rest(random() < 0.5 ? pass : null, 'upstream_rate_limited', ms)
    }
    const spent = { input: entrant.input, output: Math.floor(entrant.output * random()) }
    if (random() < 0.2) return pass!.done(null)
    const call = this.sent.find((other) => other.pass === pass)!
    call.tokens = Math.min(call.tokens, spent.input + spent.output)
    pass!.done(spent)
  }

  #note(one: Asked): void {
    const tokens = Math.min(one.entrant.input + one.entrant.output, this.limits.tpm ?? Infinity)
    this.sent.push({ key: nameOf(one.pass!), at: one.servedAt!, tokens, pass: one.pass! })
    this.#open.push(one)
  }
}

const nameOf = (pass: Pass): string => pass.key?.name ?? ''
