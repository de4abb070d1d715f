/** Worker thread: posts a message at each arrival of a Poisson process; sleeps between them, to a few hundredths of a millisecond. */
import { parentPort, workerData } from 'node:worker_threads'

const { perSecond, durationMs } = workerData as { perSecond: number; durationMs: number }
const cell = new Int32Array(new SharedArrayBuffer(4))
const micros = (): number => Number(process.hrtime.bigint() / 1000n)

const endAt = micros() + durationMs * 1000
let due = micros()
for (;;) {
  due += (-Math.log(1 - Math.random()) * 1e6) / perSecond
  if (due > endAt) break
  const wait = (due - micros()) / 1000
  if (wait > 0) Atomics.wait(cell, 0, 0, wait)
  parentPort?.postMessage(due)
}
