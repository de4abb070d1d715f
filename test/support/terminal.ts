/** A command in a pseudo-terminal of its own, as somebody sees it. Needs python3, whose `pty` is the only one at hand without a package. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { within } from './await.ts'
import { isRequired } from './required.ts'

/** For `{ skip }`. */
export const noTerminal: string | false =
  isRequired('terminal') || spawnSync('python3', ['-c', 'import pty']).status === 0
    ? false
    : 'needs python3 and its module pty'

/** Standard input: keys. SIGUSR1: the window is closed. Ends as the command does. */
const HOST = `
import fcntl, os, pty, select, signal, struct, sys, termios
columns = int(sys.argv[1])
pid, master = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 30, columns, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
sys.stderr.write('%d\\n' % pid)
sys.stderr.flush()
closed = False
def close(*_):
    global closed
    if not closed:
        closed = True
        os.close(master)
signal.signal(signal.SIGUSR1, close)
keys = [0]
while not closed:
    try:
        ready, _, _ = select.select([master] + keys, [], [], 1)
        if 0 in ready:
            typed = os.read(0, 4096)
            if typed: os.write(master, typed)
            else: keys = []
        if master in ready:
            data = os.read(master, 65536)
            if not data: break
            os.write(1, data)
    except OSError:
        break
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
`

export interface Terminal {
  /** Of the command. */
  readonly pid: number
  /** All bytes so far, as text. */
  raw(): string
  /** Resolves with all of it once it matches; rejects when the command ends first. */
  until(pattern: RegExp): Promise<string>
  type(keys: string): void
  /** The window goes, and with it the terminal. */
  close(): void
  /** Ends the command and its terminal, whatever they do. */
  kill(): void
  /** The exit code. */
  readonly ended: Promise<number | null>
}

interface Options {
  readonly columns: number
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** Of this environment the command gets only PATH. */
export async function openTerminal(command: readonly string[], { columns, cwd, env = {} }: Options): Promise<Terminal> {
  const host = spawn('python3', ['-c', HOST, String(columns), ...command], {
    cwd,
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', ...env },
  })
  let raw = ''
  host.stdout.setEncoding('utf8').on('data', (text: string) => (raw += text))
  host.stdin.on('error', () => undefined)
  const ended = once(host, 'close').then(([code]) => code as number | null)
  const [first] = (await within(10_000, 'the terminal', once(host.stderr, 'data'))) as [Buffer]
  const pid = Number(first.toString())
  return {
    pid,
    kill() {
      if (host.exitCode !== null || host.signalCode !== null) return
      host.kill('SIGKILL')
      process.kill(pid, 'SIGKILL')
    },
    raw: () => raw,
    type: (keys) => void host.stdin.write(keys),
    close: () => void host.kill('SIGUSR1'),
    ended,
    until(pattern) {
      const seen = new Promise<string>((resolve) => {
        const look = (): void => {
          if (pattern.test(raw)) resolve(raw)
        }
        host.stdout.on('data', look)
        look()
      })
      const early = ended.then((code) => {
        if (pattern.test(raw)) return raw
        throw new Error(`ended with ${code} before ${String(pattern)}:\n${raw}`)
      })
      return within(30_000, `${String(pattern)} in "${raw}"`, Promise.race([seen, early]))
    },
  }
}

/** What is seen of it: without colours, and lines as they were printed. */
export const seen = (raw: string): string => raw.replaceAll(/\x1b\[\d*m/g, '').replaceAll('\r\n', '\n')
