import { FORMULAE, type FormulaName } from './formulae.ts'

/** In the order in which they are shown. */
export const POLICY_NAMES = [
  'round_robin',
  'power_of_two',
  ...(Object.keys(FORMULAE) as FormulaName[]),
  'turnout',
] as const
