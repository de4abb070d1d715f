/** Numbers in a few characters, for people. */
import { usdOf } from '../../../core/money.ts'

/** 0.4ms, 96ms, 2.06s, 12.3s, 140s */
export function time(ms: number): string {
  if (ms < 0.95) return `${ms.toFixed(1)}ms`
  if (ms < 999.5) return `${Math.round(ms)}ms`
  if (ms < 9_995) return `${(ms / 1_000).toFixed(2)}s`
  return ms < 99_950 ? `${(ms / 1_000).toFixed(1)}s` : `${Math.round(ms / 1_000)}s`
}

/** $0, $0.000022, $0.0172, $1.50 */
export function dollars(nanoUsd: number): string {
  const usd = usdOf(nanoUsd)
  if (usd === 0) return '$0'
  if (usd < 0.0000005) return '<$1e-6'
  if (usd < 0.00095) return `$${usd.toFixed(6)}`
  return usd < 0.9995 ? `$${usd.toFixed(4)}` : `$${usd.toFixed(2)}`
}
