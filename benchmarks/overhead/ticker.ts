/** Worker thread: wakes the wheel each tick while streams live, and never twice before it has been heard. */
import { parentPort, workerData } from 'node:worker_threads'

/** Flag: there are streams. */
export const LIVE = 0
/** Flag: the last tick has not been served. */
export const PENDING = 1

if (parentPort !== null) {
  const { flags, tickMs } = workerData as { flags: Int32Array; tickMs: number }
  const sleep = new Int32Array(new SharedArrayBuffer(4))
  for (;;) {
    if (Atomics.load(flags, LIVE) === 0) Atomics.wait(flags, LIVE, 0)
    if (Atomics.compareExchange(flags, PENDING, 0, 1) === 0) parentPort.postMessage(0)
    Atomics.wait(sleep, 0, 0, tickMs)
  }
}
