/** What Linux says of a process and its descendants. */
import { readdirSync, readFileSync } from 'node:fs'

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return null
  }
}

function entries(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** The process and all that it started, such as nginx's worker. */
export function familyOf(pid: number): number[] {
  const family = [pid]
  for (const task of entries(`/proc/${pid}/task`)) {
    const children = read(`/proc/${pid}/task/${task}/children`) ?? ''
    for (const child of children.split(' ')) if (child !== '') family.push(...familyOf(Number(child)))
  }
  return family
}

/**
 * User and system time of all threads so far, in microseconds. The scheduler counts nanoseconds of the threads that are there;
 * where some have ended, their time is in the ticks of the process alone.
 */
export function cpuMicros(pids: readonly number[]): number {
  let sum = 0
  for (const pid of pids) sum += Math.max(byScheduler(pid), byTicks(pid))
  return sum
}

function byScheduler(pid: number): number {
  let nanos = 0
  for (const task of entries(`/proc/${pid}/task`)) {
    const line = read(`/proc/${pid}/task/${task}/schedstat`)
    if (line !== null) nanos += Number(line.split(' ')[0])
  }
  return nanos / 1000
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const MICROS_PER_TICK = 10_000

function byTicks(pid: number): number {
  const line = read(`/proc/${pid}/stat`)
  if (line === null) throw new Error(`process ${pid} is gone`)
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK
}

/** Time in which any core was in use, by whomever, in microseconds since the start of the machine. */
export function machineMicros(): number {
  const line = /^cpu +(.*)$/m.exec(read('/proc/stat') ?? '')?.[1] ?? ''
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(' ').map(Number)
  return (user + nice + system + irq + softirq + steal) * MICROS_PER_TICK
}

/** Resident memory in MB, summed over the processes, pages they share included. */
export function memoryMb(pids: readonly number[]): number {
  let sum = 0
  for (const pid of pids) sum += Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) / 1024
  return sum
}
