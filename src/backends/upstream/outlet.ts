/** Where an answer goes: to the caller once there is one to take it; what comes before that is kept for it. */
import type { GatewayError } from '../../core/errors.ts'
import { ByteBuffer } from './byte-buffer.ts'
import type { Sink } from './call.ts'

export class Outlet {
  #sink: Sink | null = null
  readonly #kept = new ByteBuffer()
  /** Null: it ended well. Undefined: it goes on. */
  #end: GatewayError | null | undefined

  /** False: it takes no more for now. */
  attach(sink: Sink): boolean {
    this.#sink = sink
    const room = this.#kept.bytes === 0 || sink.write(this.#kept.take())
    if (this.#end !== undefined) tell(sink, this.#end)
    return room
  }

  /** False: no more for now. */
  write(bytes: Buffer): boolean {
    if (this.#sink !== null) return this.#sink.write(bytes)
    this.#kept.add(bytes)
    return true
  }

  /** `error`: what it broke off by; null where it is complete. */
  end(error: GatewayError | null): void {
    this.#end = error
    if (this.#sink !== null) tell(this.#sink, error)
  }
}

function tell(sink: Sink, error: GatewayError | null): void {
  if (error === null) sink.end()
  else sink.fail(error)
}
