import type { Usage } from './settlement.ts'
import { NO_COUNTS } from './tokens.ts'

export const NO_TOKENS: Usage = { ...NO_COUNTS, chargedNanoUsd: null, tier: null, estimated: false }
