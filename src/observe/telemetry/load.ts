import type { TelemetrySpec } from '../../core/settings.ts'
import type { Telemetry, TelemetryOptions } from './telemetry.ts'

/** OpenTelemetry is loaded only where it is configured: it takes longer to load than the rest of the gateway together. */
export async function loadTelemetry(spec: TelemetrySpec | null, options: TelemetryOptions): Promise<Telemetry | null> {
  if (spec === null) return null
  const module = await import('./telemetry.ts')
  return new module.Telemetry(spec, options)
}
