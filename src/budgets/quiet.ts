import type { LimiterOptions } from './limiter.ts'

/** For who only looks at counts: nobody is told of anything. */
export const QUIET: LimiterOptions = {
  now: Date.now,
  emit: () => undefined,
  post: () => Promise.resolve(''),
  onRefused: () => undefined,
}
