/** One of `budgets`: its shape, and what its parts mean beside each other. */
import { z } from 'zod'
import { ENTITIES, ON_STORE_ERROR, PERIODS } from '../core/budget.ts'
import { count, name, share, texts, usd } from '../core/options/kinds.ts'
import { described } from '../core/options/option.ts'

export const budget = z
  .strictObject({
    name: name.meta({ description: 'appears in errors and metrics' }),
    of: z.enum(ENTITIES).meta({ description: 'what is counted' }),
    ids: described(texts, 'globs over ids; all where absent; each id has a count of its own'),
    per: described(z.enum(PERIODS), 'window, UTC; not needed for `parallel` alone'),
    usd: described(usd, 'most that may be spent in a window'),
    tokens: described(count, 'most input and output tokens in a window'),
    requests: described(count, 'most requests in a window'),
    parallel: described(count, 'most requests in flight'),
    soft: described(share, 'share of a limit at which `webhook` is called', 0.8),
    webhook: described(z.url('is not a URL'), 'gets a POST at the soft share and at the limit'),
    on_store_error: described(
      z.enum(ON_STORE_ERROR),
      'while Redis cannot be reached: count in this gateway alone, or refuse',
      'allow',
    ),
    pressure: described(z.boolean(), 'cost weighs more in decisions when it is spent faster than it lasts', false),
    clamp: described(z.boolean(), 'lower max_tokens of a request to what is left, rather than refuse it', false),
  })
  .superRefine((value, context) => {
    const { usd, tokens, requests, parallel, per, of, ids, pressure, clamp } = value
    const issue = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message })
    const windowed = usd ?? tokens ?? requests
    if (windowed === undefined && parallel === undefined)
      issue('usd', 'is missing, and so are tokens, requests and parallel; a budget needs one of them')
    if (windowed !== undefined && per === undefined) issue('per', `is missing; write one of ${PERIODS.join(', ')}`)
    if (of === 'gateway' && ids !== undefined) issue('ids', 'means nothing here: there is one gateway; leave it out')
    if (clamp === true && usd === undefined && tokens === undefined)
      issue('clamp', 'needs `usd` or `tokens`; without them shorter answers spare nothing')
    if (pressure === true && usd === undefined) issue('pressure', 'needs `usd`; without it nothing runs out')
  })
