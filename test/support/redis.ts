import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { within } from './await.ts'
import { freePort } from './engines.ts'

/** A real Redis, which the test ends. */
export interface RedisServer {
  readonly url: string
  /** Ends it; what it knew is gone. */
  stop(): Promise<void>
  /** Starts it again on the same port. */
  start(): Promise<void>
  /** It takes connections and answers nothing. */
  freeze(): void
  thaw(): void
}

export async function startRedis(test: Test): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'turnout-redis-'))
  const port = await freePort()
  let stop: () => Promise<void> = () => Promise.resolve()
  let signal: (name: NodeJS.Signals) => void = () => undefined
  const start = async (): Promise<void> => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
    const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] })
    const exited = once(child, 'exit')
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (/ready to accept connections/i.test(line)) resolve()
      })
    })
    signal = (name) => void child.kill(name)
    stop = async () => {
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      await exited
    }
    await within(10_000, 'redis is ready', ready)
  }
  await start()
  test.teardown(async () => {
    await stop()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: () => stop(),
    start,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
  }
}
