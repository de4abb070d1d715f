/** Reads CPU profiles and says where the time went. Time in which nothing was to do is left out; the start of the process is not. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

interface Frame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame; readonly children?: readonly number[] }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const IDLE: ReadonlySet<string> = new Set(['(idle)', '(root)'])
const TOP = 30

/** Whose code a frame is. */
export function ownerOf({ url, functionName }: Frame): string {
  if (url.startsWith('wasm:')) return 'undici'
  if (functionName === '(garbage collector)') return 'garbage collector'
  if (url === '') return 'native'
  if (url.startsWith('node:')) return 'node'
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? 'own code'
}

function nameOf({ functionName, url, lineNumber }: Frame): string {
  const place = url.replace(/^.*\/(?=node_modules\/|dist\/|build\/)/, '').replace('node_modules/', '')
  return `${functionName || '(anonymous)'}  ${place}${url === '' ? '' : `:${lineNumber + 1}`}`
}

/** Busy microseconds by name; a sample counts once for each name that `namesOf` gives for its node. */
export function timesBy(
  profile: CpuProfile,
  namesOf: (stack: readonly Frame[]) => Iterable<string>,
): Map<string, number> {
  const parents = new Map<number, number>()
  for (const { id, children } of profile.nodes) for (const child of children ?? []) parents.set(child, id)
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const stackOf = (id: number): Frame[] => {
    const stack: Frame[] = []
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) stack.push(frames.get(at)!)
    return stack
  }
  const names = new Map<number, readonly string[]>()
  const sums = new Map<string, number>()
  profile.samples.forEach((id, index) => {
    if (IDLE.has(frames.get(id)?.functionName ?? '')) return
    let list = names.get(id)
    if (list === undefined) names.set(id, (list = [...new Set(namesOf(stackOf(id)))]))
    for (const name of list) sums.set(name, (sums.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0))
  })
  return sums
}

/** For each profile of a folder: time by owner, by function, and by function of our own with all that it calls. */
export async function printProfiles(folder: string, say: (line: string) => void): Promise<void> {
  for (const file of await readdir(folder, { recursive: true })) {
    if (!file.endsWith('.cpuprofile')) continue
    const profile = JSON.parse(await readFile(join(folder, file), 'utf8')) as CpuProfile
    const owners = timesBy(profile, ([frame]) => [ownerOf(frame!)])
    const total = [...owners.values()].reduce((sum, micros) => sum + micros, 0)
    const lists = {
      'by owner': owners,
      'by function, itself': timesBy(profile, ([frame]) => [nameOf(frame!)]),
      'own functions, with what they call': timesBy(profile, (stack) =>
        stack.filter((frame) => ownerOf(frame) === 'own code').map(nameOf),
      ),
    }
    say(`\n${file}: ${(total / 1e6).toFixed(2)} s busy`)
    for (const [title, list] of Object.entries(lists)) {
      say(`\n  ${title}`)
      const sorted = [...list].sort(([, a], [, b]) => b - a).slice(0, TOP)
      for (const [name, micros] of sorted) say(`${((micros * 100) / total).toFixed(1).padStart(6)} %  ${name}`)
    }
  }
}
