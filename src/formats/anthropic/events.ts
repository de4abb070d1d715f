/** The events of a stream. Pure. */
import { encodeEvent } from '../sse.ts'

/** `data.type` is the name of the event: clients drop events without one. */
export const event = (data: { readonly type: string } & Readonly<Record<string, unknown>>): Buffer =>
  encodeEvent(JSON.stringify(data), data.type)

export const PING = event({ type: 'ping' })
export const MESSAGE_STOP = event({ type: 'message_stop' })
