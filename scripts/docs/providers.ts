/** What the provider files say of themselves. */
import { loadProviders } from '../../src/config/providers.ts'
import { code, type Table } from './tables.ts'

const providers = [...(await loadProviders()).values()]

/** Environment variables in which a start without a configuration finds keys of clouds, in the order of the files. */
export const keyVariables = (): string[] => providers.flatMap(({ keyEnv }) => keyEnv ?? [])

export function providersTable(): Table {
  const rows = providers.map(({ kind, label, url, ports, keyEnv, endpoints }) => [
    code(kind),
    label,
    ports.length > 0 ? `port ${ports.join(', ')} of this machine` : (url ?? 'where `url` says'),
    keyEnv === null ? '' : code(keyEnv),
    Object.keys(endpoints).join(', '),
  ])
  return { head: ['kind', 'is', 'found at', 'key in', 'endpoints'], rows }
}
