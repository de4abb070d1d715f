/** Commands in a pseudo-terminal of 80 columns, and what somebody in front of it reads. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { within } from '../support/await.ts'

const COLUMNS = 80

interface Place {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

export interface Session {
  readonly child: ChildProcess
  /** What stands there. */
  text(): string
  until(pattern: RegExp): Promise<void>
  type(keys: string): void
  readonly ended: Promise<number | null>
}

const LIMIT_MS = 120_000

/** A line of a shell, as somebody types it. */
export function typed(line: string, { cwd, env }: Place): Session {
  // util-linux's `script` gives the pseudo-terminal; its own input is a pipe, so what is written there is typed.
  const child = spawn('script', ['-qec', `stty cols ${COLUMNS} rows 40 -echo; ${line}`, '/dev/null'], {
    cwd,
    env: { ...env, TERM: 'xterm-256color', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let bytes = ''
  const lookers = new Set<() => void>()
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.toString()
    for (const look of lookers) look()
  })
  child.stdin.on('error', () => undefined)
  const ended = within(
    LIMIT_MS,
    `the end of ${line}`,
    once(child, 'close').then(([code]) => code as number | null),
  )
  return {
    child,
    ended,
    text: () => shown(bytes),
    type: (keys) => void child.stdin.write(keys),
    until: (pattern) =>
      within(
        LIMIT_MS,
        `${String(pattern)} after ${line}`,
        new Promise((resolve) => {
          const look = (): void => {
            if (!pattern.test(shown(bytes))) return
            lookers.delete(look)
            resolve()
          }
          lookers.add(look)
          look()
        }),
      ),
  }
}

/** A terminal's view of bytes: carriage returns and erased lines have had their effect, colours are gone. */
export function shown(bytes: string): string {
  const lines = ['']
  let column = 0
  for (const [part] of bytes.matchAll(/\x1b\[([\d;?]*)([A-Za-z])|\x1b\][^\x07]*\x07|\r|\n|[^\x1b\r\n]+/g)) {
    const line = lines.at(-1) ?? ''
    if (part === '\n') {
      lines.push('')
      column = 0
    } else if (part === '\r' || part === '\x1b[1G' || part === '\x1b[G') column = 0
    else if (/^\x1b\[0?K$/.test(part)) lines[lines.length - 1] = line.slice(0, column)
    else if (!part.startsWith('\x1b')) {
      lines[lines.length - 1] = line.slice(0, column).padEnd(column) + part + line.slice(column + part.length)
      column += part.length
    }
  }
  return lines.join('\n')
}
