import { pino } from 'pino'
import type { Level } from '../../core/events.ts'

/** Whether lines of a level are written where `threshold` is `server.log_level`. */
export const isWritten = (name: Level | 'fatal', threshold: string): boolean =>
  pino.levels.values[name]! >= (pino.levels.values[threshold] ?? Infinity)

/** The file descriptor that a log goes to where nothing else is said. */
export const STANDARD_OUTPUT = 1
