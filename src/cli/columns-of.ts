import { WriteStream } from 'node:tty'
import type { Io } from './io.ts'

/** Of terminals that do not say, and of what is no terminal. */
const USUAL = 80
const LEAST = 60

/** How wide a table may be that is written there, `most` at most. */
export const columnsOf = (stream: Io['stdout'], most: number): number =>
  Math.max(LEAST, Math.min(most, (stream instanceof WriteStream ? stream.columns : 0) || USUAL))

/** The same for a table that programs read line by line: as wide as it is where no terminal shows it. */
export const columnsShown = (stream: Io['stdout']): number =>
  stream instanceof WriteStream ? columnsOf(stream, Infinity) : Infinity
