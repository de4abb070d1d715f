/** The gateway's side of keeper.ts: engines end with the gateway even where it is killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('./keeper.js', import.meta.url))

export class KeeperLink {
  readonly #engines = new Set<number>()
  #keeper: ChildProcess | null = null

  /** From now on this group ends with the gateway. */
  add(pid: number): void {
    this.#engines.add(pid)
    if (this.#keeper === null) this.#start()
    else this.#tell(`+${pid}`)
  }

  remove(pid: number): void {
    if (this.#engines.delete(pid)) this.#tell(`-${pid}`)
  }

  /** Nothing is left to be kept. */
  close(): void {
    this.#keeper?.stdin?.end()
    this.#keeper = null
  }

  /** One that was killed is started again: its engines are this process's to end, while it lives. */
  #start(): void {
    const keeper = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: {} })
    this.#keeper = keeper
    keeper.unref()
    const gone = (): void => {
      if (this.#keeper !== keeper) return
      this.#keeper = null
      if (this.#engines.size > 0) setTimeout(() => this.#again(), RESTART_MS).unref()
    }
    keeper.once('error', gone)
    keeper.once('exit', gone)
    keeper.stdin.on('error', gone)
    for (const pid of this.#engines) this.#tell(`+${pid}`)
  }

  #again(): void {
    if (this.#keeper === null && this.#engines.size > 0) this.#start()
  }

  #tell(line: string): void {
    this.#keeper?.stdin?.write(`${line}\n`)
  }
}

const RESTART_MS = 1_000
