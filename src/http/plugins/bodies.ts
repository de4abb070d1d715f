/** The sum of request bodies that are held at a time, from the first byte of each to the end of its request: `limits.bodies`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../../core/errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the body takes; null where there is none, or it is not read. */
    heldBody: HeldBody | null
  }
}

const RETRY_MS = 1_000

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

/** Adds the limit to every route of `scope`; who may not call at all must have been refused before. `mostBytes`: of one body. */
export function limitBodies(scope: FastifyInstance, room: BodyRoom, mostBytes: number): void {
  scope.decorateRequest('heldBody', null)
  scope.addHook('preParsing', (request, reply, payload, done) => {
    const { raw, headers } = request
    const told = Number(headers['content-length'] ?? NaN)
    // One that is too large is refused for that, and not read.
    if (told === 0 || told > mostBytes) return done(null, payload)
    const held = room.open(raw, reply.raw)
    request.heldBody = held
    if (Number.isNaN(told)) {
      const count = (chunk: Buffer): void => {
        if (held.grow(chunk.length)) return
        payload.off('data', count)
        // Without its reader, which has refused the body for its length, nobody hears of it.
        if (payload.listenerCount('error') > 0) payload.emit('error', overloaded())
      }
      payload.on('data', count)
      return done(null, payload)
    }
    if (held.grow(told)) return done(null, payload)
    // The rest of it is not read.
    reply.header('connection', 'close')
    done(overloaded())
  })
}

const overloaded = (): GatewayError =>
  new GatewayError(
    'gateway_overloaded',
    'The bodies of the requests in flight use all of `limits.bodies`; try again in a moment.',
    {
      retryAfterMs: RETRY_MS,
    },
  )
