/** The engines that the gateway starts, and their groups, as `turnout check` prints them. */
import { basename } from 'node:path'
import { DEFAULT_ENGINE_GROUP } from '../config/defaults.ts'
import type { BackendSpec, EngineGroupSpec, EngineSpec } from '../core/settings.ts'
import { durationText, sizeText } from '../core/units.ts'
import { count } from '../observe/headline/headline-text.ts'
import { fittedTable } from './fitted-table.ts'

/** '' where no backend has any. */
export function enginesText(
  backends: readonly BackendSpec[],
  groups: Readonly<Record<string, EngineGroupSpec>>,
): string {
  const engines = backends.flatMap(({ name, engine }) => (engine === null ? [] : [{ name, engine }]))
  if (engines.length === 0) return ''
  const rows = engines.map(({ name, engine }) => rowOf(name, engine))
  const shared = [...new Set(engines.flatMap(({ engine }) => engine.group ?? []))]
  const groupRows = shared.map((name) => groupRow(name, groups[name] ?? DEFAULT_ENGINE_GROUP))
  const tables = [fittedTable(['engine', 'program', 'group', 'memory', 'idle stop', 'start within'], rows, 3)]
  if (groupRows.length > 0) tables.push(fittedTable(['group', 'run at a time', 'memory', 'turn'], groupRows, 1))
  return tables.join('\n')
}

/** Of the command no argument: one may hold a secret. */
const rowOf = (name: string, { command, group, memoryBytes, ttlMs, startMs }: EngineSpec): string[] => [
  name,
  basename(command[0] ?? ''),
  group ?? '-',
  sizeOf(memoryBytes),
  ttlMs === null ? 'never' : durationText(ttlMs),
  durationText(startMs),
]

const groupRow = (name: string, { members, memoryBytes, turnMs }: EngineGroupSpec): string[] => [
  name,
  members === null ? 'as many as fit' : count(members),
  sizeOf(memoryBytes),
  durationText(turnMs),
]

const sizeOf = (bytes: number | null): string => (bytes === null ? '-' : sizeText(bytes))
