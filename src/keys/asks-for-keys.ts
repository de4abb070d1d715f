import type { Config } from '../core/settings.ts'

/** Callers need a key: an empty file of keys opens no door. */
export const asksForKeys = ({ keys, store }: Pick<Config, 'keys' | 'store'>): boolean =>
  keys.length > 0 || store.keys !== null
