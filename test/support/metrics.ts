import { Metrics, type MetricsSources } from '../../src/observe/gateway/metrics.ts'

/** Metrics of a gateway without backends, unless `traits` has some. */
export const newMetrics = (traits: Partial<MetricsSources> = {}): Metrics =>
  new Metrics({ version: '0.0.0', configHash: 1, backends: () => [], ...traits })
