/**
 * A process of its own that outlives the gateway for a moment: it is told which groups of processes are engines (`+PID`, `-PID`), and ends
 * those that are left when its standard input does, which it does however the gateway ended. Started by keeper-link.ts; imports nothing
 * of the gateway but what ends a group.
 */
import { createInterface } from 'node:readline'
import { endGroup } from './end-group.ts'

const engines = new Set<number>()

// What a terminal or a service sends to all is not meant for it: the gateway ends its engines itself where it can.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const pid = Number(line.slice(1))
    if (!Number.isSafeInteger(pid) || pid <= 1) return
    if (line.startsWith('+')) engines.add(pid)
    else engines.delete(pid)
  })
  .on('close', () => void Promise.all(Array.from(engines, endGroup)))
