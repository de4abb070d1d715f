/** How the request ended, beside what was expected of it. Pure. */
import { isObject } from '../../core/is-object.ts'
import { figure, numberOf, plain, seconds, UNKNOWN, whole } from './figures.ts'
import { type ShownDecision, labelled } from './shape.ts'

/** Nothing where there is no outcome: the request was not sent. */
export function outcomeLines({ outcome }: ShownDecision, width: number): string[] {
  if (!isObject(outcome)) return []
  const attempts = Array.isArray(outcome['attempts']) ? (outcome['attempts'] as readonly unknown[]) : []
  return [
    ...labelled('outcome', `${resultOf(outcome)}; ${figuresOf(outcome)}`, width),
    ...attempts.flatMap((attempt, index) => labelled(index === 0 ? 'attempts' : '', attemptText(attempt), width)),
  ]
}

const RESULTS = new Map<unknown, string>([
  [true, 'a useful answer'],
  [false, 'no useful answer'],
  [null, 'its content is still to be checked'],
])

function resultOf({ success, finish }: Readonly<Record<string, unknown>>): string {
  const result = RESULTS.get(success) ?? UNKNOWN
  return `${result}, finish reason ${finish === null ? 'none' : plain(finish)}`
}

function figuresOf({ tokens, cost_usd, cost_partial, ttft_ms, total_ms }: Readonly<Record<string, unknown>>): string {
  const used = isObject(tokens) ? tokens : {}
  const count = (name: string): string => whole(used[name])
  return [
    `tokens: input ${count('input')} (cached ${count('cached_input')}), output ${count('output')} (reasoning ${count('reasoning')})`,
    `cost ${numberOf(cost_usd) === null ? UNKNOWN : `${figure(cost_usd)} USD${cost_partial === true ? ' and more, unknown' : ''}`}`,
    `TTFT ${numberOf(ttft_ms) === null ? UNKNOWN : `${seconds(ttft_ms)} s`}`,
    `total ${seconds(total_ms)} s`,
  ].join(', ')
}

function attemptText(attempt: unknown): string {
  if (!isObject(attempt)) return UNKNOWN
  const { backend, model, status, error } = attempt
  const result = error === null ? 'answered' : plain(error)
  return `${plain(backend)}/${plain(model)}: ${result}${numberOf(status) === null ? '' : ` (HTTP ${whole(status)})`}`
}
