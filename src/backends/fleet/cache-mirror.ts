/** What an engine tells of itself, held against what its prompt caches are taken to hold: their size, and that they are empty again. */
import { type EngineReading, modelReading } from '../../core/engine-reading.ts'
import type { Deployment } from '../../core/types.ts'
import type { PrefixMap } from '../../decision/learn/prefix-map.ts'

export class CacheMirror {
  readonly #prefixes: PrefixMap
  #restarts = 0

  constructor(prefixes: PrefixMap) {
    this.#prefixes = prefixes
  }

  /** Null: it is gone, or tells nothing any more; then what it held is as unknown as before. */
  read(reading: EngineReading | null, deployments: Iterable<Deployment>): void {
    if (reading === null) return
    const restarted = reading.restarts !== this.#restarts
    this.#restarts = reading.restarts
    for (const { model, cache } of deployments) {
      const { loaded, sleeping } = modelReading(reading, model)
      if (restarted || loaded === false || sleeping === true || reading.sleeping === true) this.#prefixes.clear(cache)
      if (reading.kvTokens !== null && reading.kvTokens > 0) cache.tokens = reading.kvTokens
    }
  }

  /** It cannot be reached: whatever answers there next has kept nothing. */
  gone(deployments: Iterable<Deployment>): void {
    for (const { cache } of deployments) this.#prefixes.clear(cache)
  }
}
