/** Preloaded into contenders that run on Node: on demand, counts what they allocate. It asks the collector, so it costs nothing between two demands. */
import { GCProfiler, type HeapStatistics, setFlagsFromString } from 'node:v8'
import { isMainThread } from 'node:worker_threads'

/** Bytes allocated between the two demands. */
export interface Allocated {
  readonly heap: number
  /** Buffers and such, which lie outside of it. */
  readonly external: number
}
export const BEGIN = 'count what is allocated'
export const END = 'what was allocated?'

type Level = Pick<HeapStatistics, 'usedHeapSize' | 'externalMemory'>

const level = (): Level => {
  const { heapUsed, external } = process.memoryUsage()
  return { usedHeapSize: heapUsed, externalMemory: external }
}

/** What the levels rose by between the collections, at whose ends they fell. */
export function risen(before: Level, collections: readonly { before: Level; after: Level }[], after: Level): Allocated {
  const sum = { heap: 0, external: 0 }
  let from = before
  for (const { before: to, after: next } of [...collections, { before: after, after }]) {
    sum.heap += to.usedHeapSize - from.usedHeapSize
    sum.external += to.externalMemory - from.externalMemory
    from = next
  }
  return sum
}

if (isMainThread && process.send !== undefined) {
  let profiler: GCProfiler | null = null
  let before = level()
  process.on('message', (said) => {
    if (said === BEGIN) {
      // Otherwise buffers are freed some time after their collection, and those that are missing by then were never seen to come.
      setFlagsFromString('--no-concurrent-array-buffer-sweeping')
      before = level()
      profiler = new GCProfiler()
      profiler.start()
    } else if (said === END && profiler !== null) {
      const { statistics } = profiler.stop()
      const after = level()
      setFlagsFromString('--concurrent-array-buffer-sweeping')
      const collections = statistics.map(({ beforeGC, afterGC }) => ({
        before: beforeGC.heapStatistics,
        after: afterGC.heapStatistics,
      }))
      process.send?.(risen(before, collections, after))
      profiler = null
    }
  })
  // It listens, and yet keeps no process alive that has nothing else to do.
  process.channel?.unref()
}
