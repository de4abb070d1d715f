import { clearTimeout, setTimeout } from 'node:timers'

/** The promise's value, or an error that names what was awaited once `ms` have passed: a hang becomes a failure. */
export async function within<T>(ms: number, what: string, promise: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Lets real time pass. Only for what has no event to wait for, most often because the test is that something does *not* happen; `why` says
 * what. Everything else waits with `within` or `eventually`, and a limit of the code under test runs under a `Clock`.
 */
export async function letPass(ms: number, why: string): Promise<void> {
  if (why === '') throw new Error('say why')
  await new Promise((resolve) => setTimeout(resolve, ms))
}

/** Resolves once `read` has given the same for `ms`: a flow has come to rest. */
export async function atRest(ms: number, what: string, read: () => number): Promise<void> {
  let before = read()
  let since = performance.now()
  await eventually(60_000, `${what} comes to rest`, () => {
    const now = read()
    if (now !== before) since = performance.now()
    before = now
    return performance.now() - since >= ms
  })
}

/** Looks again and again until it is so; fails after `ms`. For states that tell nobody when they change. */
export async function eventually(ms: number, what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + ms
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
