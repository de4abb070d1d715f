/** What is believed of models by task class, and why. Pure. */
import { TASK_CLASSES } from '../core/capabilities.ts'
import { wrapped } from '../core/wrapped.ts'
import type { ShownDeployment } from '../http/shown-deployment.ts'
import { plain, shownShare } from '../observe/explain/figures.ts'

type Origin = NonNullable<ShownDeployment['beliefs']['chat']>['from']

const WHY: Readonly<Record<Origin, string>> = {
  operator: 'your configuration',
  figures: 'published figures',
  family: 'its family and size',
  size: 'its size',
  price: 'its price',
  nothing: 'nobody knows',
}
const WIDTHS = [16, 11, 11, 10] as const

/** `width`: columns of a line, 60 or more. */
export const beliefTable = (all: readonly ShownDeployment[], width: number): string =>
  all.map((one) => modelText(one, width)).join('\n')

function modelText({ id, beliefs, belief_sources: sources }: ShownDeployment, width: number): string {
  const rows = TASK_CLASSES.flatMap((one) => {
    const belief = beliefs[one]
    if (belief === undefined) return []
    const { success, success_sd: doubt, figures, verdicts, from } = belief
    const own = from === 'figures' && figures === 0 ? 'its other figures' : WHY[from]
    const why = verdicts > 0 ? `${own}, then verdicts` : own
    return [line(one, `${shownShare(success)}±${shownShare(doubt)}`, String(figures), shortened(verdicts), why)]
  })
  return [
    `${plain(id)}\n`,
    line('class', 'success', 'published', 'verdicts', 'why'),
    ...rows,
    ...(sources.length === 0 ? [] : ['  published in\n']),
    ...sources.map((source) => indented(source, width)),
  ].join('')
}

const line = (name: string, success: string, figures: string, verdicts: string, why: string): string =>
  `  ${name.padEnd(WIDTHS[0])}${[success, figures, verdicts].map((cell, at) => cell.padStart(WIDTHS[at + 1]!)).join('')}  ${why}\n`

const shortened = (verdicts: number): string => (verdicts > 0 && verdicts < 1 ? '<1' : String(Math.round(verdicts)))

const indented = (text: string, width: number): string =>
  wrapped(plain(text), width - 4)
    .trimEnd()
    .split('\n')
    .map((part) => `    ${part.trimEnd()}\n`)
    .join('')
