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
  /** Clock reading of the last time that the peer closed any before this side would have. */
  #closedAt = -Infinity

  /** ms; a connection that was idle for longer is not to be used. `now`: clock reading. */
  at(now: number): number {
    return Math.min(LONGEST_MS, this.#ms * 2 ** Math.min(20, Math.floor((now - this.#seenAt) / TRUST_MS)))
  }

  /** The peer closed a connection that had been idle for `ms`: half of it leaves room for the way and for a busy peer. */
  closedAfter(ms: number, now: number): void {
    if (ms < LONGEST_MS) this.#closedAt = now
    const safe = Math.max(SHORTEST_MS, ms / 2)
    if (safe > this.at(now)) return
    this.#ms = safe
    this.#seenAt = now
  }

  /** A connection was idle for `ms`, and this side ended it: where meanwhile the peer closed no other one, what was seen was a restart. */
  outlived(ms: number, now: number): void {
    if (ms >= LONGEST_MS && this.#closedAt < now - ms) this.#ms = LONGEST_MS
  }
}
