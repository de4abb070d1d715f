/** What an answer took, in one line: `ollama/qwen3:8b  12 in  340 out  $0.000022  ttft 96ms  2.06s`. */
import { isObject } from '../core/is-object.ts'
import { nanoUsdOf } from '../core/money.ts'
import { amount } from '../core/amount.ts'
import { dollars, time } from '../observe/log/people/figures.ts'

/** `record`: the decision with its outcome, as docs/explain.md has it. */
export function talkLine(record: Readonly<Record<string, unknown>>): string {
  const outcome = isObject(record['outcome']) ? record['outcome'] : {}
  const attempts: unknown[] = Array.isArray(outcome['attempts']) ? outcome['attempts'] : []
  const last: unknown = attempts.at(-1)
  const place = isObject(last) ? `${word(last['backend'])}/${word(last['model'])}` : '-'
  const tokens = isObject(outcome['tokens']) ? outcome['tokens'] : {}
  const figure = (value: unknown, text: (number: number) => string): string | null =>
    typeof value === 'number' ? text(value) : null
  return [
    place,
    figure(tokens['input'], (count) => `${amount(count)} in`),
    figure(tokens['output'], (count) => `${amount(count)} out`),
    figure(outcome['cost_usd'], (usd) => dollars(nanoUsdOf(usd))),
    figure(outcome['ttft_ms'], (ms) => `ttft ${time(ms)}`),
    figure(outcome['total_ms'], time),
    outcome['success'] === false && typeof outcome['why'] === 'string' ? outcome['why'] : null,
    attempts.length > 1 ? `${attempts.length} calls` : null,
  ]
    .filter((part) => part !== null)
    .join('  ')
}

const word = (value: unknown): string => (typeof value === 'string' ? value : '?')
