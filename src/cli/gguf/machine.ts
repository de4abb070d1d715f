/** What memory this machine has: its RAM, and that of its GPUs where their tools say. */
import { execFile } from 'node:child_process'
import { totalmem } from 'node:os'
import { constrainedMemory, availableMemory, platform, arch } from 'node:process'
import { isObject } from '../../core/is-object.ts'

export interface Room {
  /** For people: `GPU memory (2 x NVIDIA L4)`. */
  readonly name: string
  /** Bytes. */
  readonly total: number
  /** Bytes; null: nobody says. */
  readonly free: number | null
  /** Who said so. */
  readonly source: string
}

const LIMIT_MS = 5_000
const MOST_OUTPUT = 1024 ** 2

/** The fastest first; RAM last. A tool that is not there, or does not answer in time, says nothing. */
export async function roomsHere(path: string | undefined): Promise<readonly Room[]> {
  const ask = (tool: string, args: readonly string[]): Promise<string | null> => outputOf(tool, args, path)
  const [nvidia, amd, metal] = await Promise.all([
    ask('nvidia-smi', ['--query-gpu=name,memory.total,memory.free', '--format=csv,noheader,nounits']),
    ask('rocm-smi', ['--showmeminfo', 'vram', '--json']),
    platform === 'darwin' && arch === 'arm64' ? ask('sysctl', ['-n', 'iogpu.wired_limit_mb']) : null,
  ])
  const rooms = [
    nvidia === null ? null : nvidiaRoom(nvidia),
    amd === null ? null : rocmRoom(amd),
    metal === null ? null : metalRoom(metal, totalmem()),
    ramRoom(totalmem(), constrainedMemory(), availableMemory()),
  ]
  return rooms.filter((room) => room !== null)
}

/** Without a shell. Null: it is not there, or says nothing. */
const outputOf = (tool: string, args: readonly string[], path: string | undefined): Promise<string | null> =>
  new Promise((resolve) => {
    execFile(
      tool,
      args,
      { timeout: LIMIT_MS, maxBuffer: MOST_OUTPUT, encoding: 'utf8', env: { PATH: path ?? '' }, windowsHide: true },
      (error, stdout) => resolve(error === null ? stdout : null),
    )
  })

const MIB = 1024 ** 2

/** `NVIDIA L4, 23034, 22490` for each GPU, in MiB. */
export function nvidiaRoom(output: string): Room | null {
  const gpus = output.split('\n').flatMap((line) => {
    const [name = '', total, free] = line.split(',').map((cell) => cell.trim())
    return Number(total) > 0 ? [{ name, total: Number(total) * MIB, free: Number(free) * MIB }] : []
  })
  return gpuRoom(gpus, 'nvidia-smi')
}

/** `{"card0": {"VRAM Total Memory (B)": "17163091968", "VRAM Total Used Memory (B)": "12345"}}` */
export function rocmRoom(output: string): Room | null {
  let cards: unknown
  try {
    cards = JSON.parse(output)
  } catch {
    return null
  }
  if (!isObject(cards)) return null
  const gpus = Object.values(cards).flatMap((card) => {
    const total = isObject(card) ? Number(card['VRAM Total Memory (B)']) : Number.NaN
    const used = isObject(card) ? Number(card['VRAM Total Used Memory (B)']) : Number.NaN
    return total > 0 ? [{ name: 'AMD', total, free: total - used }] : []
  })
  return gpuRoom(gpus, 'rocm-smi')
}

function gpuRoom(gpus: readonly { name: string; total: number; free: number }[], source: string): Room | null {
  const [first] = gpus
  if (first === undefined) return null
  const sum = (of: (gpu: (typeof gpus)[number]) => number): number => gpus.reduce((all, gpu) => all + of(gpu), 0)
  const free = sum((gpu) => gpu.free)
  const names = [...new Set(gpus.map(({ name }) => name))].join(', ')
  return {
    name: `GPU memory (${gpus.length === 1 ? '' : `${gpus.length} x `}${names})`,
    total: sum((gpu) => gpu.total),
    free: Number.isFinite(free) ? free : null,
    source,
  }
}

/** What Metal lets a GPU have of memory that both share: two thirds of it, three quarters above 36 GiB, or what was set. */
export function metalRoom(output: string, ram: number): Room {
  const set = Number(output.trim()) * MIB
  const usual = ram > 36 * 1024 * MIB ? (ram * 3) / 4 : (ram * 2) / 3
  return {
    name: 'GPU memory (Metal)',
    total: set > 0 ? set : usual,
    free: null,
    source: set > 0 ? 'iogpu.wired_limit_mb' : 'the usual share of the RAM',
  }
}

/** `limit`: of a container; 0 or more than there is: none. */
export function ramRoom(total: number, limit: number, free: number): Room {
  const limited = limit > 0 && limit < total
  return {
    name: limited ? 'RAM of this container' : 'RAM',
    total: limited ? limit : total,
    free,
    source: limited ? 'its limit' : 'the system',
  }
}
