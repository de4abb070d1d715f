import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import { createApp } from '../../src/app.ts'
import type { Applied } from '../../src/apply.ts'
import type { RequestObserver } from '../../src/core/request-record.ts'
import { parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'
import type { Config } from '../../src/core/settings.ts'
import type { Deployment } from '../../src/core/types.ts'
import { eventually } from './await.ts'
import { CLIENT } from './client.ts'

/** A configuration as an object; written as YAML, so that tests go through the reader that users go through. */
export type ConfigObject = Readonly<Record<string, unknown>>

/** A running gateway. */
export interface Gateway {
  readonly url: string
  readonly port: number
  /** Of the admin API; null where there is none. */
  readonly adminUrl: string | null
  /** Everything logged so far. */
  logged(): string
  /** Sum of the samples of a metric whose labels match. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
  /** The same, once it has the expected value, or its last value after two seconds. */
  settled(name: string, labels: Readonly<Record<string, string>>, expected: number): Promise<number>
  close(): Promise<void>
}

/** One of this process. */
export interface OwnGateway extends Gateway {
  /** Another configuration, by the same reader. */
  apply(config: ConfigObject): Promise<Applied>
  /** What it knows of this model: `backend/model`. */
  deployment(id: string): Deployment
  /** Backends that it has, or may have, connections to. */
  pools(): number
}

/** The stored form of a caller's key. */
export function hashed(key: string): string {
  return `sha256:${createHash('sha256').update(key).digest('hex')}`
}

/** Tests leave hanging calls behind on purpose, so the drain is short; and they read decisions in the log. */
export const SERVER = { host: '127.0.0.1', port: 0, drain: '50ms', log_decisions: 'always' }

/** Read once for all gateways of a process. */
const providers = loadProviders()

/** Starts a gateway in this process, on a free port. Rejects where the configuration is refused. */
export async function startGateway(
  config: ConfigObject,
  observers: readonly RequestObserver[] = [],
): Promise<OwnGateway> {
  let log = ''
  const app = await createApp({
    config: await parsed(config),
    logTo: { write: (line: string) => void (log += line) },
    observers,
  })
  const listening = await app.listen()
  const { url } = listening
  return {
    ...listening,
    logged: () => {
      void app.flush()
      return log
    },
    ...metricsOf(url),
    apply: async (next) => app.apply(await parsed(next)),
    deployment: (id) => {
      const found = app.fleet.catalog.byId.get(id)
      if (found === undefined) throw new Error(`there is no ${id}`)
      return found
    },
    pools: () => app.pools.size,
    close: () => app.close(),
  }
}

/** The file of a configuration, with what tests set where it says nothing. */
export const yamlOf = (config: ConfigObject): string =>
  stringify({ upstream: { client: CLIENT }, ...config, server: { ...SERVER, ...(config.server ?? {}) } })

async function parsed(config: ConfigObject): Promise<Config> {
  return parseConfig(yamlOf(config), {}, await providers).config
}

/** Readers of the metrics of the gateway at `url`. */
export function metricsOf(url: string): Pick<Gateway, 'metric' | 'settled'> {
  const metric: Gateway['metric'] = async (name, labels = {}) =>
    sumOf(await (await fetch(`${url}/metrics`)).text(), name, labels)
  return {
    metric,
    settled: async (name, labels, expected) => {
      let value = NaN
      const settled = async (): Promise<boolean> => (value = await metric(name, labels)) === expected
      await eventually(2_000, name, settled).catch(() => undefined)
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
