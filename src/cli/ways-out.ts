/** How `serve` ends: by a signal, by a second one, or by a fault that nobody caught. On none of these ways is the log lost. */
import type { App } from '../app.ts'
import { thrownOf } from '../observe/log/failure.ts'
import type { Io } from './io.ts'

/**
 * Resolves at the first SIGTERM or SIGINT; a second one ends the process at once, and so does whatever was thrown and
 * not caught (exit code 1, its cause in the log). SIGHUP ends nothing. `app`: whose log must be written before; null while there is none.
 */
export function untilSignal(io: Io, app: () => Pick<App, 'log' | 'events' | 'flush'> | null): Promise<void> {
  const exit = (code: number): void => void (app()?.flush() ?? Promise.resolve()).then(() => process.exit(code))
  // Who reads standard error may leave; a notice for nobody must not end live answers.
  process.stderr.on('error', () => undefined)
  process.once('uncaughtException', (thrown) => {
    // What fails on the way out does not start it again.
    process.on('uncaughtException', () => process.exit(1))
    app()?.log.fault('fatal', 'uncaught', { err: thrown })
    // Standard error ends in the same place as the log: no message there either.
    const { type, code = '', stack = '' } = thrownOf(thrown)
    io.stderr.write(`turnout: stopped by a fault: ${type} ${code}\n${stack}\n`)
    exit(1)
  })
  // A terminal that is closed, or somebody who wants the configuration read again: neither is a stop.
  process.on('SIGHUP', (signal) => {
    const running = app()
    if (running === null) io.stderr.write(`${signal}: nothing to reload; restart to change the configuration\n`)
    else running.events.emit({ event: 'nothing_to_reload', signal: 'SIGHUP' })
  })
  return new Promise((resolve) => {
    let stopping = false
    const onSignal = (signal: NodeJS.Signals): void => {
      if (stopping) return exit(signal === 'SIGINT' ? 130 : 143)
      stopping = true
      io.stderr.write(`${signal}: finishing live answers; once more ends them at once\n`)
      resolve()
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
}
