/** The terminal that somebody may be looking at. */
import { WriteStream } from 'node:tty'
import type { Screen } from '../observe/log/people/screen.ts'
import type { Io } from './io.ts'

/** Of a terminal that does not say how wide it is. */
const USUAL_COLUMNS = 80

/** Undefined where the stream is no terminal. Colours as https://no-color.org has it; a `dumb` terminal knows none. */
export function screenOf(stream: Io['stdout'], env: Io['env']): Screen | undefined {
  if (!(stream instanceof WriteStream)) return undefined
  const colour = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  return { columns: () => stream.columns || USUAL_COLUMNS, colour }
}
