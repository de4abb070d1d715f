/** `backends[].engine` and `engine_groups` -> what is started, and what may run beside each other. */
import { resolve } from 'node:path'
import type { EngineGroupSpec, EngineSpec } from '../core/settings.ts'
import { commandWords } from './command-words.ts'
import { DEFAULT_ENGINE_GROUP } from './defaults.ts'
import type { ConfigFile } from './schema.ts'

type EngineInput = NonNullable<ConfigFile['backends'][number]['engine']>

/** `url`: of the backend; `folder`: what relative paths start from; `loadMs`: how long a start may take where nothing else is said. */
export function toEngine(input: EngineInput, url: string, folder: string, loadMs: number): EngineSpec {
  const { hostname, port } = new URL(url)
  const placed = (text: string): string =>
    text.replaceAll('{port}', port === '' ? '80' : port).replaceAll('{host}', hostname)
  const [program = '', ...args] = (typeof input.command === 'string' ? commandWords(input.command) : input.command).map(
    placed,
  )
  return {
    command: [program.includes('/') ? resolve(folder, program) : program, ...args],
    env: Object.fromEntries(Object.entries(input.env ?? {}).map(([name, value]) => [name, placed(value)])),
    cwd: resolve(folder, input.cwd ?? '.'),
    ttlMs: input.ttl ?? null,
    group: input.group ?? null,
    startMs: input.start ?? loadMs,
    memoryBytes: input.memory ?? null,
  }
}

export const toEngineGroups = (groups: ConfigFile['engine_groups'] = {}): Readonly<Record<string, EngineGroupSpec>> =>
  Object.fromEntries(
    Object.entries(groups).map(([name, { members, memory, turn }]) => [
      name,
      {
        // A group that counts memory needs no number of members.
        members: members ?? (memory === undefined ? DEFAULT_ENGINE_GROUP.members : null),
        memoryBytes: memory ?? null,
        turnMs: turn ?? DEFAULT_ENGINE_GROUP.turnMs,
      },
    ]),
  )
