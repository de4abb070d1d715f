/** A request whose headers have come, and what is found out about it before it is answered. By whichever way it comes in, the same is noted of it. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Principal } from '../core/principal.ts'
import type { Caller } from '../core/types.ts'
import type { HeaderList } from '../relay/headers.ts'
import type { HeldBody } from './admission/body-room.ts'

/** A limit of requests per minute, and how much of it was used with this one. */
export interface RequestLimit {
  readonly limit: number
  readonly used: number
  /** Until the minute ends. */
  readonly leftMs: number
}

export class Arrival {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Of its request line, as it was sent. */
  readonly target: string
  readonly id: string
  /** Clock reading, ms. */
  readonly at: number
  /** Who calls; null while it is not known. */
  principal: Principal | null = null
  /** What any answer tells the browser of its caller: CORS; null: nothing. */
  corsHeaders: HeaderList | null = null
  /** The requests per minute of its key, of which any answer tells; null: nothing. */
  requestLimit: RequestLimit | null = null
  /** The room that its body takes; null where there is none, or it is not read. */
  heldBody: HeldBody | null = null
  /** The other end, once it waits for its answer. */
  caller: Caller | null = null

  constructor(request: IncomingMessage, response: ServerResponse, target: string, id: string, at: number) {
    this.request = request
    this.response = response
    this.target = target
    this.id = id
    this.at = at
  }
}

/** The caller's own id where it is harmless, else a new one. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID()
}
