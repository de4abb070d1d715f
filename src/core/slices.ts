/** Long work in slices of a few milliseconds: streams of other callers go on between them. */
import { setImmediate } from 'node:timers/promises'

/** Work that stops after each small step; a step may take a millisecond. */
export type Steps<T> = Generator<void, T, void>

/** What others wait for at the most, about. */
const SLICE_MS = 5

/** The result, after as many turns of the event loop as it takes. Rejects with what a step throws. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  let until = performance.now() + SLICE_MS
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (performance.now() < until) continue
    await setImmediate()
    until = performance.now() + SLICE_MS
  }
}

/** The same in one go: for what is small. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
