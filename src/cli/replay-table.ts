/** A replay for people: 120 columns at the most. */
import { SKIPS } from '../replay/lines.ts'
import type { Difference, MeasureReport, Report } from '../replay/report-shape.ts'
import { UNJUDGED } from '../replay/replay.ts'
import { table } from './table.ts'
import { wrapped } from '../core/wrapped.ts'

const MOST_MOVES = 10
const WIDTH = 120

export function replayTable(report: Report): string {
  const { requests } = report
  if (requests === 0) return [countsText(report), warningsText(report)].join('')
  return [
    `A is --config, B is --against; nothing was sent.\n`,
    countsText(report),
    movesText(report),
    `what was expected of the choices${report.requests === 1 ? '' : ', mean of a request'}\n`,
    expectedText(report),
    `the same, corrected by what happened (doubly robust)\n`,
    correctedText(report),
    evidenceText(report),
    warningsText(report),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function countsText({ requests, skipped, unjudged, agreement, measures }: Report): string {
  const { requests: priced, happened } = measures.cost_usd
  const out = (counts: Readonly<Record<string, number>>, names: Readonly<Record<string, string>>): string[] =>
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => row(count, names[name] ?? name))
  return [
    row(requests, 'requests compared'),
    ...(requests === 0
      ? []
      : [
          row(agreement.a, `of them A chooses what was chosen (${share(agreement.a, requests)})`),
          row(agreement.b, `of them B chooses what was chosen (${share(agreement.b, requests)})`),
        ]),
    ...(priced === requests
      ? []
      : [row(requests - priced, 'of them at a price that A or B does not know, not in the money')]),
    ...(happened.requests === priced
      ? []
      : [row(priced - happened.requests, 'of them with a cost that is not known, not in what happened')]),
    ...out(unjudged, UNJUDGED).map((line) => line.replace(/\n$/, ', left out\n')),
    ...out(skipped, SKIPS).map((line) => line.replace(/\n$/, ', skipped\n')),
  ].join('')
}

const row = (count: number, text: string): string => `${String(count).padStart(9)}  ${text}\n`

const share = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`

function movesText({ moves, requests }: Report): string {
  if (moves.requests === 0) return 'No request would move from A to B.\n'
  const head = `${moves.requests} of ${requests} would move (${share(moves.requests, requests)})\n`
  const shown = moves.pairs.slice(0, MOST_MOVES)
  const rest = moves.requests - shown.reduce((sum, pair) => sum + pair.requests, 0)
  const lines = shown.map((pair) => row(pair.requests, clip(`${pair.from} -> ${pair.to}`)))
  return head + lines.join('') + (rest > 0 ? row(rest, 'others') : '')
}

const clip = (text: string): string => (text.length > WIDTH - 11 ? `${text.slice(0, WIDTH - 12)}…` : text)

type Form = (value: number) => string

/** What `measure` is, and how it is written. */
const ROWS: readonly { readonly name: string; readonly measure: keyof Report['measures']; readonly form: Form }[] = [
  { name: 'cost, USD', measure: 'cost_usd', form: (value) => figure(value) },
  { name: 'cost of 1000, USD', measure: 'cost_usd', form: (value) => figure(1000 * value) },
  { name: 'useful answers, %', measure: 'success', form: (value) => (100 * value).toFixed(1) },
  { name: 'TTFT of streams, ms', measure: 'ttft_ms', form: (value) => value.toFixed(0) },
  { name: 'total wait, ms', measure: 'total_ms', form: (value) => value.toFixed(0) },
  { name: 'tokens', measure: 'tokens', form: (value) => value.toFixed(0) },
]

const HEAD = ['', 'A', 'B', 'B - A', '95 % interval', 'requests']

function expectedText({ measures, median_total_ms: median }: Report): string {
  const rows = ROWS.flatMap(({ name, measure, form }) => {
    const { happened, expected, requests } = measures[measure]
    const known = happened.requests === requests ? `${requests}` : `${requests}, happened ${happened.requests}`
    const line = [name, written(happened.mean, form), ...sides(expected, form), known]
    if (measure !== 'total_ms') return [line]
    return [line, ['  median', written(median.happened, form), ...sides(median, form), known]]
  })
  return table(['', 'happened', ...HEAD.slice(1)], rows)
}

const correctedText = ({ measures }: Report): string =>
  table(
    HEAD,
    ROWS.map(({ name, measure, form }) => [
      name,
      ...sides(measures[measure].corrected, form),
      String(measures[measure].requests),
    ]),
  )

function sides({ a, b, difference }: MeasureReport['expected'], form: Form): string[] {
  return [written(a, form), written(b, form), signed(difference.value, form), intervalText(difference, form)]
}

const intervalText = ({ low, high }: Difference, form: Form): string =>
  low === null || high === null ? '?' : `${signed(low, form)} .. ${signed(high, form)}`

const written = (value: number | null, form: Form): string => (value === null ? '?' : form(value))

/** What is written as nothing has no sign. */
function signed(value: number | null, form: Form): string {
  if (value === null) return '?'
  const size = form(Math.abs(value))
  return /[1-9]/.test(size) ? `${value < 0 ? '-' : '+'}${size}` : size
}

/** Four digits, never an exponent. */
function figure(value: number): string {
  if (value === 0) return '0'
  const places = Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value))))
  return value
    .toFixed(Math.min(12, places))
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
}

function evidenceText({ evidence }: Report): string {
  const { all, moved, drawn, most_weight: most } = evidence
  const line = (name: string, { requests, agrees, effective_sample_size: size }: typeof all): string[] =>
    [name, requests, agrees, Math.round(size)].map(String)
  const head = ['evidence for B', 'requests', 'went where B would send them', 'effective sample size']
  return (
    table(head, [line('all', all), line('that would move', moved)]) +
    wrapped(
      `A choice without a part of chance corrects B only where B agrees with it; ${drawn} requests ` +
        `were chosen with a part of chance and weigh accordingly, at most ${most}-fold. Intervals show how much depends on ` +
        `which requests came, not how wrong the expectations are.`,
      WIDTH,
    )
  )
}

const warningsText = ({ warnings }: Report): string =>
  warnings.map((line) => wrapped(`warning: ${line}`, WIDTH)).join('')
