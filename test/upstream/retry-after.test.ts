import t from 'tap'
import { retryAfter } from '../../src/backends/upstream/retry-after.ts'

const NOW = Date.parse('2026-11-23T06:00:00Z')

const CASES: readonly (readonly [
  name: string,
  headers: Readonly<Record<string, string | string[]>>,
  ms: number | null,
])[] = [
  ['nothing', {}, null],
  ['seconds', { 'retry-after': '7' }, 7000],
  ['a part of a second', { 'retry-after': '0.25' }, 250],
  ['zero', { 'retry-after': '0' }, 0],
  ['milliseconds', { 'retry-after-ms': '1500' }, 1500],
  ['a part of a millisecond', { 'retry-after-ms': '0.5' }, 0.5],
  ['milliseconds before seconds', { 'retry-after-ms': '1500', 'retry-after': '7' }, 1500],
  ['nonsense before seconds', { 'retry-after-ms': 'soon', 'retry-after': '7' }, 7000],
  ['empty before seconds', { 'retry-after-ms': '', 'retry-after': '7' }, 7000],
  ['a date', { 'retry-after': 'Mon, 23 Nov 2026 06:00:30 GMT' }, 30_000],
  ['a date that is over', { 'retry-after': 'Mon, 23 Nov 2026 05:00:00 GMT' }, 0],
  ['negative seconds', { 'retry-after': '-5' }, 0],
  ['negative milliseconds', { 'retry-after-ms': '-5' }, null],
  ['nonsense', { 'retry-after': 'soon' }, null],
  ['empty', { 'retry-after': '' }, null],
  ['blank', { 'retry-after': ' ' }, null],
  ['empty milliseconds', { 'retry-after-ms': '' }, null],
  ['infinite', { 'retry-after': 'Infinity', 'retry-after-ms': 'Infinity' }, null],
  ['the first of several', { 'retry-after': ['3', '9'] }, 3000],
  [
    'a used up limit of requests',
    { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '6m0s' },
    360_000,
  ],
  ['a used up limit of tokens', { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '12ms' }, 12],
  ['hours', { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '0h52m3.5s' }, 3_123_500],
  ['no longer than an hour', { 'retry-after': '1e300' }, 3_600_000],
  ['not for days', { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '48h' }, 3_600_000],
  ['Groq', { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '2m59.56s' }, 179_560],
  ['Azure: plain seconds', { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '20' }, 20_000],
  [
    'only the limit that is used up',
    {
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '9s',
    },
    9000,
  ],
  ['none is used up', { 'x-ratelimit-remaining-tokens': '1', 'x-ratelimit-reset-tokens': '9s' }, null],
  ['a reset that is nonsense', { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '9 s' }, null],
  ['a reset below zero', { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '-1' }, null],
  ['half of a duration', { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0' }, null],
  [
    'Anthropic: the moment of the reset, of the limit that is used up',
    {
      'anthropic-ratelimit-requests-remaining': '59',
      'anthropic-ratelimit-requests-reset': '2026-11-23T06:00:01Z',
      'anthropic-ratelimit-input-tokens-remaining': '0',
      'anthropic-ratelimit-input-tokens-reset': '2026-11-23T06:00:21Z',
    },
    21_000,
  ],
  [
    'Anthropic: the last of those that are used up',
    {
      'anthropic-ratelimit-tokens-remaining': '0',
      'anthropic-ratelimit-tokens-reset': '2026-11-23T06:00:40Z',
      'anthropic-ratelimit-output-tokens-remaining': '0',
      'anthropic-ratelimit-output-tokens-reset': '2026-11-23T06:00:05Z',
    },
    40_000,
  ],
  [
    'Anthropic: a moment that is over',
    { 'anthropic-ratelimit-tokens-remaining': '0', 'anthropic-ratelimit-tokens-reset': '2026-11-23T05:59:00Z' },
    0,
  ],
  [
    'Anthropic: a moment that is none',
    { 'anthropic-ratelimit-tokens-remaining': '0', 'anthropic-ratelimit-tokens-reset': 'soon' },
    null,
  ],
  ['a reset that is absent', { 'x-ratelimit-remaining-tokens': '0' }, null],
]

for (const [name, headers, ms] of CASES)
  t.test(name, async (t) => {
    const got = retryAfter(headers, NOW)
    if (ms === null || got === null) t.equal(got, ms)
    else t.ok(Math.abs(got - ms) < 1e-6, `${got} is ${ms}`)
  })
