/** How long an idle connection may be trusted: below the age at which the peer was seen to close one. Pure. */

/** Below the five seconds after which uvicorn, Node's servers and llama.cpp close an idle connection. */
const LONGEST_MS = 4_000
/** What was seen counts in full for so long; then the limit doubles, for it may have been a restart. */
const TRUST_MS = 60_000
/** Doubling has to begin somewhere. */
const SHORTEST_MS = 0.1

export class IdleLimit {
  #ms = LONGEST_MS
  #seenAt = 0

  /** ms; a connection that was idle for longer is not to be used. `now`: clock reading. */
  at(now: number): number {
    return Math.min(LONGEST_MS, this.#ms * 2 ** Math.min(20, Math.floor((now - this.#seenAt) / TRUST_MS)))
  }

  /** The peer closed a connection that had been idle for `ms`: half of it leaves room for the way and for a busy peer. */
  closedAfter(ms: number, now: number): void {
    const safe = Math.max(SHORTEST_MS, ms / 2)
    if (safe > this.at(now)) return
    this.#ms = safe
    this.#seenAt = now
  }
}
