/** One engine of a group, as its schedule sees it. Times are ms: durations, or readings of a monotonic clock. */

/**
 * - `stopped`: there is no process.
 * - `starting`: there is one, and it has not answered yet.
 * - `running`: it answers.
 * - `stopping`: it was told to end.
 * - `failed`: it ended by itself, or never answered, and rests.
 */
export type EnginePhase = 'stopped' | 'starting' | 'running' | 'stopping' | 'failed'

export interface MemberRules {
  /** What it takes; null = it is not counted. */
  readonly memoryBytes: number | null
  /** It is stopped after so long without a call; null = never for that. */
  readonly ttlMs: number | null
}

export interface Member {
  rules: MemberRules
  phase: EnginePhase
  /** When the phase began. */
  since: number
  /** Another one needs its place: calls that it has go on, and no new one is let to it. */
  draining: boolean
  /** It is to be stopped when it is idle: what is started next is another one, or nothing. */
  leaving: boolean
  /** Calls that were let to this run of it. */
  open: number
  /** When the last of them ended; of one that has none. */
  idleSince: number
  /** Its runs, so that a call that ended with one of them is not counted against the next. */
  run: number
  /** Starts that failed and runs that ended early, in a row. */
  failures: number
  restUntil: number
  /** From its start to its first answer, as it was of late. */
  startMs: number
}

/** Until one start has been seen. */
const USUAL_START_MS = 10_000
/** A run that lasted so long was a good one. */
const GOOD_RUN_MS = 60_000
const REST_MS = 1_000
const LONGEST_REST_MS = 60_000

export const newMember = (rules: MemberRules, now: number): Member => ({
  rules,
  phase: 'stopped',
  since: now,
  draining: false,
  leaving: false,
  open: 0,
  idleSince: now,
  run: 0,
  failures: 0,
  restUntil: 0,
  startMs: USUAL_START_MS,
})

export function enter(member: Member, phase: EnginePhase, now: number): void {
  member.phase = phase
  member.since = now
}

/** It answers for the first time in this run. The first start that was seen counts as it was, later ones by half. */
export function started(member: Member, now: number): void {
  const took = now - member.since
  member.startMs = member.startMs === USUAL_START_MS ? took : (member.startMs + took) / 2
  member.idleSince = now
  enter(member, 'running', now)
}

/** Its process is gone. */
export function ended(member: Member, now: number): void {
  const { phase, since } = member
  member.open = 0
  member.run++
  member.idleSince = now
  if (phase === 'stopping') return enter(member, 'stopped', now)
  if (phase === 'running' && now - since >= GOOD_RUN_MS) member.failures = 0
  // One that ran is started again by the next request; one that does so again and again, or never ran, is let rest.
  const grave = member.failures + (phase === 'running' ? 0 : 1)
  member.failures++
  member.restUntil = grave === 0 ? now : now + Math.min(LONGEST_REST_MS, REST_MS * 2 ** Math.min(grave - 1, 10))
  enter(member, 'failed', now)
}

/** It has a process. */
export const isThere = ({ phase }: Member): boolean => phase !== 'stopped' && phase !== 'failed'
