import type { Registry } from '../metrics/registry.ts'

/** The map of what backends are taken to have kept of prompts. */
export interface PrefixMapReading {
  /** Different ones; several backends may keep one. */
  readonly blocks: number
  readonly bytes: number
}

export function prefixMetrics(families: Registry, prefixes: () => PrefixMapReading): void {
  families.gauge('prefix_map_blocks', 'Prompt blocks that backends are believed to have cached.', [], (read) =>
    read(prefixes().blocks),
  )
  families.gauge('prefix_map_bytes', 'Memory used by the map of these blocks.', [], (read) => read(prefixes().bytes))
}
