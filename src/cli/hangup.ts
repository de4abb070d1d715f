/** A terminal that is closed under a gateway: neither its signal nor its loss ends the process badly. */
import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import { isatty } from 'node:tty'

const STANDARD = [0, 1, 2]

/** From here on. `untilSignal` says what a SIGHUP comes to; one that comes while the gateway still loads ends nothing either. */
export function outliveHangup(): void {
  process.on('SIGHUP', () => undefined)
  const terminals = STANDARD.filter(isatty)
  process.on('exit', () => terminals.filter((fd) => !isatty(fd)).forEach(replace))
}

/** Node restores the terminal when it ends, and aborts with a core dump where that is gone; another file it leaves alone. */
function replace(fd: number): void {
  closeSync(fd)
  // Takes the lowest number that is free, which is that one.
  openSync(devNull, 'r+')
}
