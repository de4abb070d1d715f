/** Engines that the gateway starts: counted by what happens to them, shown by what they are at. */
import type { Emit } from '../../core/events.ts'
import type { Counter } from '../metrics/counter.ts'
import type { Registry } from '../metrics/registry.ts'
import { Series } from '../metrics/series.ts'

/** At the moment of a scrape; null: it runs by itself. */
export interface ProcessReading {
  readonly phase: string
  readonly group: string | null
  readonly waiting: number
}

interface Backend {
  readonly name: string
  readonly process?: ProcessReading | null
}

/** Seconds from a start to the first answer. */
const SECONDS = [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500]

/** Names of backends and groups come from the configuration. */
const LIMITS = { max: 2_000, open: 1 }
const cells = (counter: Counter) => new Series(LIMITS, (path) => counter.series(path))

/** Gives what counts the events. */
export function engineMetrics(families: Registry, backends: () => readonly Backend[]): Emit {
  const starts = cells(
    families.counter('engine_starts_total', 'Starts of engines by the gateway.', ['backend', 'outcome']),
  )
  const stops = cells(families.counter('engine_stops_total', 'Engines that stopped, by reason.', ['backend', 'why']))
  const swaps = cells(
    families.counter('engine_swaps_total', 'Engines stopped to make room for another one in their group.', ['group']),
  )
  const times = families.histogram(
    'engine_start_seconds',
    'Time from the start of an engine until it answers.',
    ['backend'],
    SECONDS,
  )
  const seconds = new Series(LIMITS, (path) => times.series(path))
  families.gauge(
    'engine_running',
    '1 while an engine started by the gateway is running and ready.',
    ['backend'],
    (read) => {
      for (const { name, process } of backends()) if (process) read(process.phase === 'running' ? 1 : 0, name)
    },
  )
  families.gauge('engine_waiting', 'Requests waiting for an engine of the group.', ['group'], (read) => {
    const groups = new Map<string, number>()
    for (const { name, process } of backends()) if (process) groups.set(process.group ?? name, process.waiting)
    for (const [group, waiting] of groups) read(waiting, group)
  })
  return (event) => {
    if (event.event === 'engine_started') {
      starts.of(event.backend, 'started').value++
      seconds.of(event.backend).observe(event.seconds)
    } else if (event.event === 'engine_stopped') {
      stops.of(event.backend, event.why).value++
      const group = backends().find(({ name }) => name === event.backend)?.process?.group ?? null
      if (event.why === 'swap' && group !== null) swaps.of(group).value++
    } else if (event.event === 'engine_failed') {
      if (event.while === 'starting') starts.of(event.backend, 'failed').value++
      else stops.of(event.backend, 'failed').value++
    }
  }
}
