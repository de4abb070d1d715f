/** Metrics as text: Prometheus' own format, or OpenMetrics, which alone can tell of exemplars. Pure. */
import { type Exemplar, type Family, labelsOf } from './family.ts'

export const FORMATS = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const

export type Format = keyof typeof FORMATS

/** By the `Accept` of a scrape: OpenMetrics where it asks for that at least as much as for text. */
export function formatFor(accept: string | undefined): Format {
  const wish = { text: 0, openmetrics: 0 }
  for (const part of (accept ?? '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim())
    const given = parameters.find((parameter) => parameter.startsWith('q='))
    const weight = given === undefined ? 1 : Number(given.slice(2))
    if (type === 'application/openmetrics-text') wish.openmetrics = Math.max(wish.openmetrics, weight)
    if (type === 'text/plain') wish.text = Math.max(wish.text, weight)
  }
  return wish.openmetrics > 0 && wish.openmetrics >= wish.text ? 'openmetrics' : 'text'
}

export function expose(families: Iterable<Family>, format: Format): string {
  const lines: string[] = []
  for (const family of families) {
    const { name, help, type } = family
    const open = format === 'openmetrics'
    // OpenMetrics: the samples of a counter end with `_total`, the family does not.
    const title = open && type === 'counter' ? name.replace(/_total$/, '') : name
    lines.push(`# HELP ${title} ${help}`, `# TYPE ${title} ${type}`)
    family.samples((suffix, labels, value, le, exemplar) => {
      const bound = le === undefined ? '' : `le="${boundOf(le, open)}"`
      const all = labels === '' || bound === '' ? labels + bound : `${labels},${bound}`
      const told = open && exemplar !== undefined && exemplar !== null ? exemplarOf(exemplar) : ''
      lines.push(`${name}${suffix}${all === '' ? '' : `{${all}}`} ${value}${told}`)
    })
  }
  if (format === 'openmetrics') lines.push('# EOF')
  return `${lines.join('\n')}\n`
}

/** OpenMetrics wants a point in each. */
function boundOf(le: number, open: boolean): string {
  if (le === Infinity) return '+Inf'
  return open && Number.isInteger(le) ? `${le}.0` : String(le)
}

/** OpenMetrics allows 128 characters for the names and values of an exemplar's labels. */
const ID_CHARACTERS = 128 - 'request_id'.length

const exemplarOf = ({ mark, value }: Exemplar): string =>
  ` # {${labelsOf(['request_id'], [mark.requestId.slice(0, ID_CHARACTERS)])}} ${value} ${mark.at / 1000}`
