/** The sum of request bodies that are held at a time, from the first byte of each to the end of its request: `limits.bodies`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export class BodyRoom {
  readonly #most: number
  /** Bodies by their connection: answers that wait for their turn on one never hear that it was closed. */
  readonly #open = new Map<Socket, Set<HeldBody>>()
  taken = 0

  /** `most`: bytes. */
  constructor(most: number) {
    this.#most = most
  }

  /** False where there is no room for so many bytes more. */
  take(bytes: number): boolean {
    if (this.taken + bytes > this.#most) return false
    this.taken += bytes
    return true
  }

  give(bytes: number): void {
    this.taken -= bytes
  }

  /** A body that is about to come; it is held until its answer or its connection is closed, and no work is left. */
  open({ socket }: IncomingMessage, response: ServerResponse): HeldBody {
    const held = new HeldBody(this)
    const others = this.#open.get(socket) ?? this.#watch(socket)
    others.add(held)
    response.once('close', () => {
      others.delete(held)
      held.close()
    })
    return held
  }

  #watch(socket: Socket): Set<HeldBody> {
    const all = new Set<HeldBody>()
    this.#open.set(socket, all)
    socket.once('close', () => {
      this.#open.delete(socket)
      for (const held of all) held.close()
    })
    return all
  }
}

export class HeldBody {
  readonly #room: BodyRoom
  #bytes = 0
  #works = 0
  #closed = false

  constructor(room: BodyRoom) {
    this.#room = room
  }

  /** False where there is no room for so many bytes more. */
  grow(bytes: number): boolean {
    if (this.#closed || !this.#room.take(bytes)) return this.#closed
    this.#bytes += bytes
    return true
  }

  /** Holds it until `work` has ended, also where the caller leaves before: an answer may be read on for its usage. */
  during(work: Promise<void>): void {
    this.#works++
    void work.finally(() => {
      this.#works--
      this.#release()
    })
  }

  close(): void {
    this.#closed = true
    this.#release()
  }

  #release(): void {
    if (!this.#closed || this.#works > 0) return
    this.#room.give(this.#bytes)
    this.#bytes = 0
  }
}
