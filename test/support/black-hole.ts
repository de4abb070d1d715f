import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { connect } from 'node:net'

/** A port on which connection attempts hang: neither accepted nor refused. */
export interface BlackHole {
  readonly url: string
  readonly port: number
  /** Attempts that hang now, by the kernel's table; null where there is no such table (not Linux). */
  hanging(): Promise<number | null>
  close(): Promise<void>
}

const LISTENER = `
const server = require('node:net').createServer()
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  require('node:fs').writeSync(1, server.address().port + '\\n')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})`

/** A child listens and never accepts; its queue is filled up, so that the kernel leaves the next attempt unanswered. */
export async function startBlackHole(): Promise<BlackHole> {
  const child = spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line.toString())
  const fillers: Socket[] = []
  // A backlog of 1 holds two connections on Linux; those beyond it hang, and show that it is full.
  const connected = await Promise.all([fill(fillers, port), fill(fillers, port)])
  fillers.push(connect(port, '127.0.0.1').on('error', () => undefined))
  if (connected.some((ok) => !ok)) throw new Error('the listener refused')
  const own = 1
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    hanging: async () => {
      const count = await synSent(port)
      return count === null ? null : count - own
    },
    close: async () => {
      for (const socket of fillers) socket.destroy()
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

async function fill(fillers: Socket[], port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  fillers.push(socket)
  return new Promise((resolve) => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)))
}

const SYN_SENT = '02'

async function synSent(port: number): Promise<number | null> {
  const table = await readFile('/proc/self/net/tcp', 'utf8').catch(() => null)
  if (table === null) return null
  const target = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table.split('\n').filter((row) => {
    const [, , remote, state] = row.trim().split(/\s+/)
    return remote?.endsWith(target) && state === SYN_SENT
  }).length
}
