/** What one engine is taken to have kept, corrected by what it says of its KV cache: `kv_events` of its backend. */
import type { AnsweredPrompt, CacheFollower } from '../../core/cache-follower.ts'
import type { PromptCache } from '../../core/prompt-cache.ts'
import type { BackendSpec } from '../../core/settings.ts'
import type { PrefixMap } from '../../decision/learn/prefix-map.ts'
import { KvPairs } from '../kv-events/kv-pairs.ts'
import { KvStream } from '../kv-events/kv-stream.ts'
import type { ZmtpTarget } from '../kv-events/zmtp-socket.ts'

export interface MirrorTools {
  /** Monotonic, ms. */
  now(): number
  /** Of the models of this backend. */
  caches(): Iterable<PromptCache>
  readonly prefixes: Pick<PrefixMap, 'clear' | 'evict'>
  /** `why`: it is not there, in a few words; null: it is. `missed`: batches of events that nobody can say again. */
  told(news: { readonly why: string | null; readonly missed: number }): void
}

type Places = Pick<BackendSpec, 'kvEvents' | 'kvEventsReplay'>

export class KvMirror implements CacheFollower {
  readonly #tools: MirrorTools
  readonly #pairs = new KvPairs<PromptCache>()
  #places: Places = { kvEvents: null, kvEventsReplay: null }
  #stream: KvStream | null = null
  #why: string | null = ''

  constructor(tools: MirrorTools) {
    this.#tools = tools
  }

  /** From now on, where this backend says so: what wishes to know of its answers then. */
  follow({ kvEvents, kvEventsReplay }: Places): CacheFollower | null {
    if (kvEvents !== this.#places.kvEvents || kvEventsReplay !== this.#places.kvEventsReplay) {
      this.stop()
      this.#places = { kvEvents, kvEventsReplay }
      if (kvEvents !== null) this.#start(kvEvents, kvEventsReplay)
    }
    return kvEvents === null ? null : this
  }

  #start(kvEvents: string, kvEventsReplay: string | null): void {
    const replay = kvEventsReplay === null ? null : targetOf(kvEventsReplay)
    this.#stream = new KvStream(targetOf(kvEvents), replay, {
      events: (events) => {
        const { lost, all } = this.#pairs.take(events, this.#tools.now())
        if (all) this.#clear()
        for (const { cache, hash, check } of lost) this.#tools.prefixes.evict(cache, hash, check)
      },
      restarted: () => {
        this.#pairs.forget()
        this.#clear()
      },
      missed: (missed) => this.#tools.told({ why: this.#why, missed }),
      state: (why) => {
        if (why === this.#why) return
        this.#why = why
        this.#tools.told({ why, missed: 0 })
      },
    })
    void this.#stream.start()
  }

  answered(prompt: AnsweredPrompt): void {
    if (this.#stream !== null) this.#pairs.answered(prompt)
  }

  stop(): void {
    this.#stream?.stop()
    this.#stream = null
    this.#places = { kvEvents: null, kvEventsReplay: null }
    this.#pairs.forget()
    this.#why = ''
  }

  #clear(): void {
    for (const cache of this.#tools.caches()) this.#tools.prefixes.clear(cache)
  }
}

/** `tcp://gpu-a:5557` */
function targetOf(text: string): ZmtpTarget {
  const [, host = '', port = ''] = /^tcp:\/\/(.+):(\d+)$/.exec(text) ?? []
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }
}
