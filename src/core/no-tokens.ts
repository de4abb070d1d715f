import type { Usage } from './settlement.ts'

export const NO_TOKENS: Usage = {
  input: 0,
  cachedInput: 0,
  cacheWrite: 0,
  audioInput: 0,
  imageInput: 0,
  output: 0,
  reasoning: 0,
  audioOutput: 0,
  chargedNanoUsd: null,
  tier: null,
  estimated: false,
}
