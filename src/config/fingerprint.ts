import { createHash } from 'node:crypto'
import type { Config } from '../core/settings.ts'

/**
 * The first 48 bits of a SHA-256 of the configuration as it is in force: equal for gateways that are configured alike.
 * Of secrets it only counts whether they are there: a hash of a short one could be guessed at.
 */
export const fingerprint = (config: Config): number =>
  createHash('sha256')
    .update(JSON.stringify(withoutSecrets(config)))
    .digest()
    .readUIntBE(0, 6)

const withoutSecrets = (config: Config): object => ({
  ...config,
  backends: config.backends.map((backend) => ({
    ...backend,
    key: backend.key !== null,
    keys: backend.keys.map((key) => ({ ...key, secret: null })),
    engine: backend.engine === null ? null : { ...backend.engine, command: null, env: null },
  })),
  keys: config.keys.map((key) => ({ ...key, hash: null })),
  budgets: config.budgets.map((budget) => ({ ...budget, webhook: budget.webhook !== null })),
  store: { ...config.store, redis: config.store.redis !== null },
  admin: config.admin === null ? null : { ...config.admin, hash: null },
  telemetry: config.telemetry === null ? null : { ...config.telemetry, headers: Object.keys(config.telemetry.headers) },
})
