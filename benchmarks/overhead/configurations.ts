/** How Turnout is set up: each of these is a contender, of this build and of the one it is compared with. */
import { createHash } from 'node:crypto'
import { FORMAT_NAMES, type FormatName } from '../../src/core/format-names.ts'
import { PREFIX } from './dialects/answers.ts'
import { MODEL, modelName } from './payload.ts'
import type { ScenarioName } from './scenarios.ts'

export interface Configuration {
  readonly models: number
  /** What callers ask for. */
  readonly asks: string
  /** A key with all kinds of limits, the ledger and what is learnt, as a user has it; without: what the simplest guarded gateway does. */
  readonly full: boolean
  /** Which scenarios it takes part in where nobody chose it; null = all. */
  readonly only: readonly ScenarioName[] | null
  /** With a backend for each wire format beside it. */
  readonly dialects?: true
}

const full = (models: number, asks: string, only: Configuration['only']): Configuration => ({
  models,
  asks,
  full: true,
  only,
})

export const CONFIGURATIONS = {
  turnout: { models: 1, asks: MODEL, full: false, only: null },
  named8: full(8, MODEL, ['chat', 'poisson', 'garbage']),
  auto8: full(8, 'auto', null),
  named31: full(31, MODEL, ['chat']),
  auto31: full(31, 'auto', ['chat']),
  named128: full(128, MODEL, ['chat']),
  auto128: full(128, 'auto', ['chat']),
  dialects: { ...full(1, MODEL, []), dialects: true },
} as const satisfies Record<string, Configuration>
export type ConfigurationName = keyof typeof CONFIGURATIONS

/** Folders of what a full gateway keeps, beside its configuration. */
export const LEDGER = 'ledger'
const STATE = 'state.json'

const BACKEND = 'up'
/** Limits that are counted, and never reached. */
const PLENTY = 100_000_000

/** A kind of backend that is asked in each format. */
const KINDS: Readonly<Record<FormatName, string>> = {
  'openai-chat': 'openai-compatible',
  'openai-responses': 'openai',
  'anthropic-messages': 'anthropic',
  gemini: 'gemini',
  ollama: 'ollama',
}

/** The model of the backend that speaks a format. */
export const modelIn = (format: FormatName): string => `bench-${format}`

/** Models of many prices and qualities, so that there is something to decide. */
function factsOf(index: number): object {
  const usd = 0.1 * 1.05 ** ((index * 37) % 128)
  return {
    context: 1_000_000,
    price: { input_per_mtok_usd: usd, cached_input_per_mtok_usd: usd / 10, output_per_mtok_usd: 4 * usd },
    quality: { default: 0.4 + ((index * 53) % 128) / 300 },
  }
}

/** What stands in its file. */
export function configFile(
  { models, full: everything, dialects }: Configuration,
  { port, upstreamPort, token }: { readonly port: number; readonly upstreamPort: number; readonly token: string },
): object {
  const names = Array.from({ length: models }, (_, index) => modelName(index))
  const hash = `sha256:${createHash('sha256').update(token).digest('hex')}`
  const spoken = dialects === true ? FORMAT_NAMES : []
  const limits = everything ? { tpm: 100 * PLENTY, budget: { usd: PLENTY, per: 'month' } } : {}
  return {
    server: { host: '127.0.0.1', port },
    backends: [
      {
        name: BACKEND,
        kind: 'openai-compatible',
        url: `http://127.0.0.1:${upstreamPort}/v1`,
        key: 'upstream-key',
        models: names,
      },
      ...spoken.map((format) => ({
        name: format,
        kind: KINDS[format],
        url: `http://127.0.0.1:${upstreamPort}${PREFIX}`,
        key: 'upstream-key',
        models: [modelIn(format)],
        formats: [format],
      })),
    ],
    models: Object.fromEntries([
      ...names.map((name, index) => [`${BACKEND}/${name}`, factsOf(index)]),
      ...spoken.map((format, index) => [`${format}/${modelIn(format)}`, factsOf(index)]),
    ]),
    keys: [{ id: 'bench', hash, rpm: PLENTY, ...limits }],
    ...(everything ? { store: { state: `./${STATE}`, ledger: `./${LEDGER}` } } : {}),
  }
}
