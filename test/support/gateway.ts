import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { stringify } from 'yaml'
import { createApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'
import { stringify } from 'yaml'
import { within } from './await.ts'

/** A configuration as an object; written as YAML, so that tests go through the reader that users go through. */
export type ConfigObject = Readonly<Record<string, unknown>>

/** A running gateway. */
export interface Gateway {
  readonly url: string
  readonly port: number
  /** Everything logged so far. */
  logged(): string
  /** Sum of the samples of a metric whose labels match. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
  /** The same, once it has the expected value, or its last value after two seconds. */
  settled(name: string, labels: Readonly<Record<string, string>>, expected: number): Promise<number>
  close(): Promise<void>
}

/** The stored form of a caller's key. */
export function hashed(key: string): string {
  return `sha256:${createHash('sha256').update(key).digest('hex')}`
}

// Tests leave hanging calls behind on purpose.
const SERVER = { host: '127.0.0.1', port: 0, drain: '50ms' }

/** Starts a gateway in this process, on a free port. Rejects where the configuration is refused. */
export async function startGateway(config: ConfigObject): Promise<Gateway> {
  let log = ''
  const text = stringify({ ...config, server: { ...SERVER, ...(config.server ?? {}) } })
  const app = await createApp({
    config: parseConfig(text, {}, await loadProviders()).config,
    logTo: { write: (line: string) => void (log += line) },
  })
  const { url, port } = await app.listen()
  return { url, port, logged: () => log, ...metricsOf(url), close: () => app.close() }
}

/** Starts the built command line as a child process; `readyLine` recognises the line that says it listens. */
export async function startGatewayProcess(
  config: ConfigObject,
  command: string,
  port: number,
): Promise<Gateway & { readonly pid: number; signal(name: NodeJS.Signals): void; exited: Promise<number | null> }> {
  const folder = await mkdtemp(join(tmpdir(), 'turnout-e2e-'))
  const file = join(folder, 'turnout.yaml')
  await writeFile(file, stringify({ ...config, server: { ...SERVER, ...(config.server ?? {}), port } }))
  const child = spawn(process.execPath, [command, 'serve', '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  child.stderr.on('data', (bytes: Buffer) => (log += bytes.toString()))
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const listening = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      log += `${line}\n`
      if (/listening/i.test(line)) resolve()
    })
  })
  const early = exited.then((code) => Promise.reject(new Error(`it ended with ${code}:\n${log}`)))
  await within(20_000, 'the gateway listens', Promise.race([listening, early]))
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    port,
    pid: child.pid ?? 0,
    exited,
    signal: (name) => void child.kill(name),
    logged: () => log,
    ...metricsOf(url),
    close: async () => {
      child.kill('SIGTERM')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function metricsOf(url: string): Pick<Gateway, 'metric' | 'settled'> {
  const metric: Gateway['metric'] = async (name, labels = {}) =>
    sumOf(await (await fetch(`${url}/metrics`)).text(), name, labels)
  return {
    metric,
    settled: async (name, labels, expected) => {
      const deadline = performance.now() + 2_000
      let value = await metric(name, labels)
      while (value !== expected && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 10))
        value = await metric(name, labels)
      }
      return value
    },
  }
}

/** Adds up the samples of one metric in Prometheus' text format. */
export function sumOf(text: string, name: string, labels: Readonly<Record<string, string>>): number {
  let sum = 0
  for (const line of text.split('\n')) {
    const sample = /^([a-z_]+)(?:\{(.*)\})? ([^ ]+)$/.exec(line)
    if (sample === null || sample[1] !== name) continue
    const has = Object.entries(labels).every(([label, value]) =>
      `,${sample[2] ?? ''},`.includes(`,${label}="${value}",`),
    )
    if (has) sum += Number(sample[3])
  }
  return sum
}
