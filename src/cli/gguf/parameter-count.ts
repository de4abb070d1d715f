import { amount } from '../../core/amount.ts'

/** A count of parameters as people write it: `494M`, `8.2B`. Pure. */
export const parameterCount = (count: number): string => amount(Math.round(count)).replace(/G$/, 'B')
