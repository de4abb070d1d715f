/**
 * A client of Redis that gives a command up when no answer has come for so long. Time in which this process was itself too busy to read
 * its socket counts once at the most: the answer lies there, and Redis would be taken for gone, and each gateway count alone,
 * whenever hundreds of requests come at once.
 */
import { Command, Redis } from 'ioredis'

/** Between two of them the socket is read. */
const LOOKS = 4

/** Longer than this an answer is worth no wait: requests are held up for it. Shorter ones end when hundreds of requests come at once. */
const COMMAND_MS = 1_000
export const CONNECT_MS = 1_000

export class PatientRedis extends Redis {
  constructor(url: string) {
    super(url, {
      connectTimeout: CONNECT_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(1_000, 50 * attempt),
    })
  }

  override sendCommand(...[command, stream]: Parameters<Redis['sendCommand']>): unknown {
    if (command instanceof Command) giveUp(command)
    return super.sendCommand(command, stream)
  }
}

function giveUp(command: Command): void {
  let looks = LOOKS
  const timer = setTimeout(() => {
    if (--looks > 0) timer.refresh()
    else command.reject(new Error('no answer in time'))
  }, COMMAND_MS / LOOKS)
  const over = (): void => clearTimeout(timer)
  command.promise.then(over, over)
}
