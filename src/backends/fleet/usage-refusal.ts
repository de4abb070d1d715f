/** An old engine that refused `stream_options` is not asked for usage again until it may be another version. */
import type { BackendSpec } from '../../core/settings.ts'
import { ask, credentials } from './ask.ts'
import type { DiscoveryTools } from './discover.ts'
import type { LiveState } from './health.ts'

type Tools = Pick<DiscoveryTools, 'client' | 'signal'>

const REMEMBERED_MS = 3_600_000
/** Where engines tell their version: vLLM, Ollama, llama.cpp. */
const VERSION_PATHS = ['/version', '/api/version', '/props']
const VERSION = /"(?:version|build_info)"\s*:\s*"([^"]{1,200})"/

export class UsageRefusal {
  readonly #live: LiveState
  #since = 0
  #version: string | null = null

  constructor(live: LiveState) {
    this.#live = live
  }

  remember(now: number): void {
    this.#since = now
    this.#version = null
    this.#live.refusesUsage = true
  }

  forget(): void {
    this.#live.refusesUsage = false
  }

  /** Forgets after an hour, or when the engine names another version than it did after the refusal. */
  async review(spec: BackendSpec, tools: Tools, now: number): Promise<void> {
    if (!this.#live.refusesUsage) return
    if (now - this.#since >= REMEMBERED_MS) {
      this.forget()
      return
    }
    const version = await askVersion(spec, tools)
    if (version === null) return
    if (this.#version !== null && this.#version !== version) this.forget()
    this.#version = version
  }
}

async function askVersion(spec: BackendSpec, { client, signal }: Tools): Promise<string | null> {
  for (const path of VERSION_PATHS) {
    const url = spec.root + path
    try {
      const answer = await ask(client, { url, method: 'GET', headers: credentials(spec), body: null, signal })
      const version = answer.status === 200 ? VERSION.exec(answer.text)?.[1] : undefined
      if (version !== undefined) return version
    } catch {
      return null
    }
  }
  return null
}
