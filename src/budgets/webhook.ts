import type { Post } from './limiter.ts'

const LONGEST_MS = 5_000

/** Sends a notice. What went wrong is told without the address, which may hold a secret. */
export const postJson: Post = async (url, json) => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(json),
      redirect: 'error',
      signal: AbortSignal.timeout(LONGEST_MS),
    })
    await response.body?.cancel()
    return response.ok ? '' : `it answered ${response.status}`
  } catch (thrown) {
    const { name, cause } = thrown as Error & { cause?: { code?: unknown } }
    return typeof cause?.code === 'string' ? cause.code : name
  }
}
