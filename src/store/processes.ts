/** Which process a number means: numbers are given again, so that it takes the start of the process as well. */
import { execFile } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

export interface ProcessName {
  readonly pid: number
  /** When it started, as its system counts; '' = unknown. */
  readonly started: string
}

/** Where numbers of processes mean the same: this machine since it was started, and of it this container. */
export async function placeOfProcesses(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => null)
  const space = await readlink('/proc/self/ns/pid').catch(() => '')
  return boot === null ? hostname() : `${boot.trim()} ${space}`
}

/** '' = there is none, it has ended and its parent has not looked yet, or the system does not say. */
export async function startOf(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (line === null) return process.platform === 'linux' ? '' : await startByPs(pid)
  // From the third word of the kernel's line: its state, and as the 22nd its start. The second one, a name in brackets, may hold blanks.
  const words = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return words[0] === 'Z' ? '' : (words[19] ?? '')
}

/** It is there and has not ended. */
export const isRunning = async (pid: number): Promise<boolean> =>
  isThere(pid) && (process.platform !== 'linux' || (await startOf(pid)) !== '')

/** Whether there is a process of this number; one that has ended and whose parent has not looked yet is there as well. */
export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    // It is there, and somebody else's.
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const startByPs = (pid: number): Promise<string> =>
  new Promise((resolve) => {
    execFile('ps', ['-o', 'lstart=', '-p', String(pid)], { timeout: 2_000 }, (error, stdout) =>
      resolve(error === null ? stdout.trim() : ''),
    )
  })
