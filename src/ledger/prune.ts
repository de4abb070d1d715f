import { rm } from 'node:fs/promises'
import type { LedgerSpec } from '../core/settings.ts'
import { type SizedSegment, sizedSegments } from './segments.ts'

export interface Pruned {
  readonly segments: number
  readonly bytes: number
}

/**
 * Deletes what is too old, and the oldest of what is too much: whole segments, one after the other; no row is read.
 * `current`: the segment that is being written; it goes only for its age. `now`: epoch ms. Rejects where the folder
 * cannot be read, or a file not be deleted.
 */
export async function prune(spec: LedgerSpec, current: string | null, now: number): Promise<Pruned> {
  const all: SizedSegment[] = []
  for await (const segment of sizedSegments(spec.folder)) all.push(segment)
  let excess = spec.maxBytes === null ? 0 : all.reduce((sum, { bytes }) => sum + bytes, 0) - spec.maxBytes
  let [segments, bytes] = [0, 0]
  for (const segment of all) {
    const old = spec.keepMs !== null && segment.writtenAt < now - spec.keepMs
    if (!old && (excess <= 0 || segment.path === current)) continue
    await rm(segment.path, { force: true })
    excess -= segment.bytes
    segments++
    bytes += segment.bytes
  }
  return { segments, bytes }
}
