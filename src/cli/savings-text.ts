/** What `turnout savings` prints, in 80 columns. What cannot be told is not told. Pure. */
import type { Feature } from '../core/trial.ts'
import { wrapped } from '../core/wrapped.ts'
import { figure, plain, whole } from '../observe/explain/figures.ts'
import { count, dollars, percent } from '../observe/headline/headline-text.ts'
import type { MeasuredDifference, MeasuredSavings } from '../observe/savings/report.ts'
import { table } from './table.ts'

/** What requests of the control group got instead. */
const WITHOUT: Readonly<Record<Feature, string>> = {
  routing: 'any able candidate, taken at random',
  effort: 'no choice of effort: the model thinks as much as by default',
  trim: 'no limits of answers that were learnt',
}

export interface SavingsTold {
  readonly since: string
  readonly savings: readonly MeasuredSavings[]
  readonly unmeasured_requests: number
}

const COLUMNS = 80

export function savingsText({ since, savings, unmeasured_requests: unmeasured }: SavingsTold): string {
  const from = `${since.slice(0, 16).replace('T', ' ')} UTC`
  if (savings.length === 0) return nothingText(from, unmeasured)
  const more = unmeasured === 0 ? '' : `\n${sentence(`${requests(unmeasured)} had no part in this.`)}`
  return `measured since ${from}\n\n${savings.map(oneText).join('\n')}${more}`
}

const nothingText = (from: string, unmeasured: number): string =>
  sentence(
    `Nothing was measured since ${from}: ${unmeasured === 0 ? 'there are no requests' : `none of ${requests(unmeasured)} was of a route with a control group`}. ` +
      'To measure what the choice of the gateway saves, let a route send a share of its conversations to any able candidate:',
  ) +
  "\n  routes:\n    - { name: default, candidates: ['*'], control: 5% }\n\n" +
  sentence('Until then there are estimates: `turnout replay` compares two configurations on the requests of a ledger.')

interface Line {
  readonly name: string
  readonly of: (savings: MeasuredSavings) => MeasuredDifference
  readonly words: (value: number) => string
}

const milliseconds = (ms: number): string => (ms < 10_000 ? `${figure(ms)} ms` : `${figure(ms / 1000)} s`)

/** Up to a thousand with what is behind the point. */
const tokens = (value: number): string => (value < 1000 ? figure(value) : count(Math.round(value)))

/** Per useful answer: a longer name leaves no room for the interval. */
const LINES: readonly Line[] = [
  { name: 'cost per answer', of: ({ cost_per_success_usd: cost }) => cost, words: dollars },
  { name: 'tokens per answer', of: ({ tokens_per_success: all }) => all, words: tokens },
  { name: 'useful answers', of: ({ success_ratio: share }) => share, words: percent },
  { name: 'first token, mean', of: ({ ttft_ms: ttft }) => ttft, words: milliseconds },
]

function oneText(savings: MeasuredSavings): string {
  const { route, feature, share, control, rest } = savings
  const head = `route ${plain(route)}, ${feature}: ${percent(share)} of the requests get ${WITHOUT[feature]}`
  const groups = [`  control   ${groupText(control)}`, `  the rest  ${groupText(rest)}`]
  const rows = LINES.map(({ name, of, words }) => {
    const { control: without, rest: with_, difference } = of(savings)
    const value = (one: number | null): string => (one === null ? '-' : words(one))
    const ends = difference === null ? '-' : `${signed(difference.low, words)} to ${signed(difference.high, words)}`
    const by = difference === null ? '-' : signed(difference.value, words)
    return [`  ${name}`, value(without), value(with_), by, ends]
  })
  const shown = table(['', 'control', 'the rest', 'difference', '95 % interval'], aligned(rows))
  return `${sentence(head)}${groups.join('\n')}\n\n${shown}\n${verdicts(savings).map(sentence).join('')}`
}

const groupText = ({ requests: all, useful_answers: useful }: MeasuredSavings['control']): string =>
  `${requests(all)}, ${whole(useful)} useful answer${useful === 1 ? '' : 's'}`

/** Figures stand to the right of their columns. */
function aligned(rows: readonly (readonly string[])[]): string[][] {
  const heads = ['', 'control', 'the rest', 'difference']
  const widths = heads.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]!.length)))
  return rows.map((row) => row.map((cell, at) => (at === 0 || at > 3 ? cell : cell.padStart(widths[at]!))))
}

/** What it comes to, in sentences. */
function verdicts(savings: MeasuredSavings): string[] {
  const { control, rest, saved, cost_per_success_usd: cost, estimated_tokens_ratio: guessed } = savings
  const open = LINES.filter(({ of }) => isOpen(of(savings)))
  const unpriced = control.unpriced_requests + rest.unpriced_requests
  const sentences: string[] = []
  if (saved.usd !== null && !isOpen(cost)) sentences.push(savedText(saved.usd, cost.relative))
  if (open.length > 0) {
    const where = open.length === LINES.length ? '' : ` in ${open.map(({ name }) => name).join('; ')}`
    const are = control.requests === 1 ? 'request is' : 'requests are'
    sentences.push(
      `No difference can be told yet${where}: ${whole(control.requests)} control ${are} too few, or there is none.`,
    )
  }
  if (cost.why === 'unpriced')
    sentences.push(
      `Costs cannot be compared: for ${requests(unpriced)} no price is known. Set a \`price\` for their backends or models, 0 for what is free.`,
    )
  else if (unpriced > 0) sentences.push(`Costs are without ${requests(unpriced)} of unknown price.`)
  if (guessed > 0)
    sentences.push(`${percent(guessed)} of the tokens are a guess of the gateway: their backends report none.`)
  return sentences
}

/** Too few to say anything, or nothing and something are both possible. */
const isOpen = ({ why, difference }: MeasuredDifference): boolean =>
  why === 'few' || (difference !== null && difference.low <= 0 && difference.high >= 0)

type Interval = NonNullable<MeasuredDifference['difference']>

/** `relative`: to the control group. */
function savedText(usd: Interval, relative: Interval | null): string {
  const sign = usd.value < 0 ? -1 : 1
  const [low, high] = [usd.low * sign, usd.high * sign].sort((a, b) => a - b)
  const share = relative === null ? null : [relative.low, relative.high].map((end) => -end * sign).sort((a, b) => a - b)
  const part =
    share === null || relative === null || share[0]! <= 0
      ? ''
      : `: ${percent(Math.abs(relative.value))} (${percent(share[0]!)} to ${percent(share[1]!)})`
  return (
    `The useful answers of the rest cost ${dollars(Math.abs(usd.value))} ${sign < 0 ? 'more' : 'less'} than without it ` +
    `(${dollars(low!)} to ${dollars(high!)})${part}.`
  )
}

const signed = (value: number, words: (value: number) => string): string =>
  value === 0 ? words(0) : `${value < 0 ? '-' : '+'}${words(Math.abs(value))}`

const requests = (number: number): string => `${whole(number)} request${number === 1 ? '' : 's'}`

const sentence = (text: string): string => wrapped(text, COLUMNS)
