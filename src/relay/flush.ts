/** Callers that do not read: nothing else ends a connection whose last bytes nobody takes. */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Cuts the connection of an answer of which nothing is taken for `ms`, until what waits of it now has gone. */
export function drainWithin(response: ServerResponse, ms: number): void {
  const { socket } = response
  // Behind other answers it has no connection yet: their time is not its own.
  if (socket === null || socket.timeout === ms) return
  socket.setTimeout(ms)
  socket.once('drain', () => socket.setTimeout(0))
}

/** Cuts the connection of an answer that has ended, or is about to, once nothing of it was accepted for `ms`. */
export function flushWithin(response: ServerResponse, ms: number): void {
  if (response.writableFinished || response.destroyed) return
  // Nearly always the kernel has taken all of it by now.
  if (response.socket !== null && response.writableLength === 0) return
  // Behind other answers it has no connection yet: their time is not its own.
  if (response.socket === null) response.once('socket', (socket: Socket) => limit(response, socket, ms))
  else limit(response, response.socket, ms)
}

/** Each byte that the other side takes starts the time anew; Node's server closes a connection whose time is over. */
function limit(response: ServerResponse, socket: Socket, ms: number): void {
  socket.setTimeout(ms)
  // Before Node's own listener, which sets the time of the idle connection.
  response.prependOnceListener('finish', () => socket.setTimeout(0))
}
