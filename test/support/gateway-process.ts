import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { within } from './await.ts'
import type { ConfigObject, Gateway } from './gateway.ts'
import { metricsOf, yamlOf } from './gateway.ts'

/** A gateway in a process of its own. */
export interface GatewayProcess extends Gateway {
  readonly pid: number
  /** Its exit code; null where a signal ended it. */
  readonly exited: Promise<number | null>
  signal(name: NodeJS.Signals): void
}

const COMMAND = fileURLToPath(new URL('../../src/cli/turnout.js', import.meta.url))

/** `turnout serve` with this configuration. Rejects, with what it said, where it ends before it listens. */
export async function startGatewayProcess(config: ConfigObject): Promise<GatewayProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'turnout-e2e-'))
  const file = join(folder, 'turnout.yaml')
  await writeFile(file, yamlOf(config))
  const child = spawn(process.execPath, [COMMAND, 'serve', '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  void exited.then(() => rm(folder, { recursive: true, force: true }))
  const listening = new Promise<string>((resolve) => {
    for (const output of [child.stdout, child.stderr])
      createInterface({ input: output }).on('line', (line) => {
        log += `${line}\n`
        const url = /listening on (http:\S+)/.exec(line)?.[1]
        if (url !== undefined) resolve(url)
      })
  })
  const early = exited.then((code) => Promise.reject(new Error(`it ended with ${code}:\n${log}`)))
  early.catch(() => undefined)
  const url = await within(60_000, 'the gateway listens', Promise.race([listening, early]))
  return {
    url,
    adminUrl: /admin API on (http:\S+)\/admin/.exec(log)?.[1] ?? null,
    port: Number(new URL(url).port),
    pid: child.pid ?? 0,
    exited,
    signal: (name) => void child.kill(name),
    logged: () => log,
    ...metricsOf(url),
    close: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}
