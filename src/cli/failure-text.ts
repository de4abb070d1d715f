/** What a failure that a command foresees is told as. Loaded when there is one. Pure. */
import { ConfigError } from '../config/issues.ts'
import { wrapped } from '../core/wrapped.ts'
import { KeyFileError } from '../keys/key-file.ts'
import { WIDTH } from './help-text.ts'
import { Refused } from './refused.ts'

/** Of the command with this name. Null: nobody foresaw it. */
export function failureText(name: string, thrown: unknown): string | null {
  // It says which file it is about, and has lines of its own.
  if (thrown instanceof ConfigError) return `${thrown.message}\n`
  // It may end in a command to paste.
  if (thrown instanceof KeyFileError) return `turnout ${name}: the key file ${thrown.message}\n`
  return thrown instanceof Refused ? wrapped(`turnout ${name}: ${thrown.message}`, WIDTH) : null
}
