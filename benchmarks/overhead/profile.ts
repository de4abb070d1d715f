/** Reads CPU profiles and says where the time went, without the time in which nothing was to do. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const IDLE: ReadonlySet<string> = new Set(['(idle)', '(root)'])
const TOP = 30

/** Whose code a frame is. */
export function ownerOf(url: string): string {
  if (url === '') return 'native and collector'
  if (url.startsWith('node:')) return 'node'
  const module = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]
  return module ?? 'own code'
}

/** Busy microseconds by a name of each frame. */
export function selfTimes(
  profile: CpuProfile,
  nameOf: (frame: CpuProfile['nodes'][number]['callFrame']) => string,
): Map<string, number> {
  const names = new Map(
    profile.nodes.map(({ id, callFrame }) => [id, IDLE.has(callFrame.functionName) ? null : nameOf(callFrame)]),
  )
  const sums = new Map<string, number>()
  profile.samples.forEach((id, index) => {
    const name = names.get(id)
    if (name !== null && name !== undefined) sums.set(name, (sums.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0))
  })
  return sums
}

const place = (url: string): string =>
  url.replace(/^.*\/(?=node_modules\/|dist\/|build\/)/, '').replace('node_modules/', '')

/** For each profile of a folder: time by owner, then by function. */
export async function printProfiles(folder: string, say: (line: string) => void): Promise<void> {
  for (const file of await readdir(folder)) {
    if (!file.endsWith('.cpuprofile')) continue
    const profile = JSON.parse(await readFile(join(folder, file), 'utf8')) as CpuProfile
    const owners = selfTimes(profile, ({ url }) => ownerOf(url))
    const functions = selfTimes(
      profile,
      ({ functionName, url, lineNumber }) =>
        `${functionName || '(anonymous)'}  ${place(url)}${url === '' ? '' : `:${lineNumber + 1}`}`,
    )
    const total = [...owners.values()].reduce((sum, micros) => sum + micros, 0)
    say(`\n${file}: ${(total / 1e6).toFixed(2)} s busy`)
    for (const list of [owners, functions]) {
      const sorted = [...list].sort(([, a], [, b]) => b - a).slice(0, TOP)
      for (const [name, micros] of sorted) say(`${((micros * 100) / total).toFixed(1).padStart(6)} %  ${name}`)
      say('')
    }
  }
}
