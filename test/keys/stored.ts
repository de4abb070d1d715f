import { hashOf } from '../../src/keys/secret.ts'
import { fieldsOf } from '../../src/core/options/option.ts'
import { MADE_KEY_OPTIONS } from '../../src/core/options/options.ts'
import type { StoredKey } from '../../src/keys/stored-key.ts'

/** A key as it stands in the file, each field to be overridden. */
export const storedKey = (id: string, secret: string, traits: Partial<StoredKey> = {}): StoredKey => ({
  id,
  ...fieldsOf(MADE_KEY_OPTIONS),
  secrets: [{ hash: hashOf(secret), until: null }],
  created_at: '2026-01-01T00:00:00.000Z',
  changed_at: null,
  rotated_at: null,
  revoked_at: null,
  ...traits,
})
