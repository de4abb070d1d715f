/** Ports of processes that do not say when they listen. */
import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { endChild } from './child.ts'

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

const START_LIMIT_MS = 20_000

/** Knocks until the port opens. */
export async function listening(name: string, child: ChildProcess, port: number, stderr: string): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS
  while (!(await opens(port))) {
    const ended = child.exitCode !== null || child.signalCode !== null
    if (ended || performance.now() > deadline) {
      await endChild(child)
      throw new Error(`${name} does not listen: ${await readFile(stderr, 'utf8')}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function opens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
