import type { ServerResponse } from 'node:http'

/** A copy of a larger body costs more than a second write. */
const ONE_WRITE_BYTES = 16 * 1024

/** Ends an answer whose head is written, but not sent yet: head and body leave as one text. Node's own `end` adds an empty second one, and a list of two costs more. */
export function endWith(response: ServerResponse, body: Buffer): void {
  const { socket } = response
  // Behind other answers there is no connection yet.
  if (socket === null || body.length > ONE_WRITE_BYTES) return void response.end(body)
  // Where nothing holds the connection back, `write` does, until the next tick.
  socket.cork()
  response.write(body.toString('latin1'), 'latin1')
  socket.uncork()
  response.end()
}
