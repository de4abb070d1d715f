/** Groups of processes, by the number of their first one. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning } from '../../store/processes.ts'

/** How long an engine may take to end by itself. */
export const GRACE_MS = 5_000
const LOOK_MS = 25

/** All processes of the group; nothing where there is none. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // None of them is there any more.
  }
}

/** Asks the group to end, and ends what does not. For one that is not a child of this process. */
export async function endGroup(pid: number): Promise<void> {
  signalGroup(pid, 'SIGTERM')
  const until = performance.now() + GRACE_MS
  while ((await isRunning(pid)) && performance.now() < until) await sleep(LOOK_MS)
  // What it has started may outlive it.
  signalGroup(pid, 'SIGKILL')
}
