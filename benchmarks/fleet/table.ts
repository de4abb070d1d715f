/** A condition as a table: policies down, fleets across. */
import type { Compared } from '../../src/simulate/compared.ts'
import type { Case } from './cases.ts'

const FIRST = 16
const COLUMN = 16

/** `cases`: of one condition. */
export function caseTable(cases: readonly Case[]): string {
  const head = ['', ...cases.map(({ fleet }) => fleet)]
  const rows = (cases[0]?.policies ?? []).map(({ policy }, at) => [
    policy,
    ...cases.map(({ policies }) => figure(policies[at]!)),
  ])
  return [head, ...rows].map(line).join('')
}

const line = ([first = '', ...rest]: readonly string[]): string =>
  `${[first.padEnd(FIRST), ...rest.map((cell) => cell.padEnd(COLUMN))].join('').trimEnd()}\n`

const figure = ({ ttft_mean_s: mean, ttft_p99_s: p99 }: Compared): string =>
  mean === null || p99 === null ? '-' : `${digits(mean)} (${digits(p99)})`

/** Three of them. */
const digits = (value: number): string => value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)
