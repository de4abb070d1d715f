/** Secrets of callers, and the only form in which they are kept. */
import { hash, randomBytes } from 'node:crypto'

/** 256 random bits; shown once. */
export const newSecret = (): string => `sk-turnout-${randomBytes(32).toString('base64url')}`

/**
 * SHA-256 of the whole secret, 64 hex digits. Nobody can go through 2^256 secrets, or make a table of them, so a salt or a
 * slow hash would protect nothing here; without a salt the key is found in one step, and a request pays a microsecond.
 */
export const hashOf = (secret: string): string => hash('sha256', secret, 'hex')
