/** How long Google's API says to wait: in a detail of the error instead of a header, on its OpenAI-compatible paths too. Pure. */
import { isObject } from '../core/is-object.ts'

const SECONDS = /^(\d+(?:\.\d+)?)s$/

/** `details` of an error; ms, null where it does not say. */
export function retryDelayIn(details: unknown): number | null {
  if (!Array.isArray(details)) return null
  for (const detail of details as readonly unknown[]) {
    const delay = isObject(detail) ? detail['retryDelay'] : undefined
    const seconds = typeof delay === 'string' ? SECONDS.exec(delay)?.[1] : undefined
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1000)
  }
  return null
}
