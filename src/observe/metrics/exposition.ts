/** Metrics as text, written by prom-client: Prometheus' own format, or OpenMetrics, which alone can tell of exemplars. */
import { acceptRanges } from '../../core/accept.ts'
import { type Metric as ScrapedMetric, Registry, type RegistryContentType } from 'prom-client'
import type { Exemplar, Metric } from './metric.ts'

export const EXPOSITION_FORMATS = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
} as const

export type ExpositionFormat = keyof typeof EXPOSITION_FORMATS

/** By the `Accept` of a scrape: OpenMetrics where it asks for that at least as much as for text. */
export function formatFor(accept: string | undefined): ExpositionFormat {
  const wish = { text: 0, openmetrics: 0 }
  for (const { type, q } of acceptRanges(accept ?? '')) {
    if (type === 'application/openmetrics-text') wish.openmetrics = Math.max(wish.openmetrics, q)
    if (type === 'text/plain') wish.text = Math.max(wish.text, q)
  }
  return wish.openmetrics > 0 && wish.openmetrics >= wish.text ? 'openmetrics' : 'text'
}

/** As they stand at this moment, in one piece: all are read before the first is written. */
export async function expose(families: Iterable<Metric>, format: ExpositionFormat): Promise<string> {
  const registry: Registry<RegistryContentType> = new Registry()
  registry.setContentType(EXPOSITION_FORMATS[format])
  for (const family of families) registry.registerMetric(scraped(family, format))
  return await registry.metrics()
}

/** What prom-client asks a metric at a scrape; its types know none but its own, which count more slowly and in one format only. */
function scraped(family: Metric, format: ExpositionFormat): ScrapedMetric {
  const { help, type } = family
  // OpenMetrics: the samples of a counter end with `_total`, the family does not.
  const name = format === 'openmetrics' && type === 'counter' ? family.name.replace(/_total$/, '') : family.name
  const get = (): Promise<object> => {
    const values: object[] = []
    family.samples((suffix, sharedLabels, value, le, exemplar) =>
      values.push({
        ...(suffix === '' ? {} : { metricName: `${name}${suffix}` }),
        labels: le === undefined ? {} : { le: le === Infinity ? '+Inf' : le },
        sharedLabels,
        value,
        exemplar: exemplar && exemplarOf(exemplar),
      }),
    )
    return Promise.resolve({ name, help, type, values })
  }
  return { name, help, type, get } as unknown as ScrapedMetric
}

/** OpenMetrics allows 128 characters for the names and values of an exemplar's labels. */
const ID_CHARACTERS = 128 - 'request_id'.length

const exemplarOf = ({ mark, value }: Exemplar): object => ({
  labelSet: { request_id: mark.requestId.slice(0, ID_CHARACTERS) },
  value,
  timestamp: mark.at / 1000,
})
