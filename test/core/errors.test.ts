import t from 'tap'
import { type ErrorCode, ERRORS, type HealthEffect } from '../../src/core/errors.ts'

const CODES = Object.keys(ERRORS) as ErrorCode[]
const codesWhere = (holds: (row: (typeof ERRORS)[ErrorCode]) => boolean): ErrorCode[] =>
  CODES.filter((code) => holds(ERRORS[code])).sort()

/** Codes that say something about the backend or the deployment; all others say nothing. */
const EFFECTS: Readonly<Record<NonNullable<HealthEffect>, readonly ErrorCode[]>> = {
  down: ['connect_timeout', 'upstream_unreachable'],
  busy: ['overloaded', 'upstream_rate_limited'],
  key: ['upstream_auth'],
  credit: ['upstream_quota'],
  endpoint: ['upstream_model_missing', 'upstream_unsupported'],
  ability: ['upstream_cannot'],
  fault: [
    'headers_timeout',
    'idle_timeout',
    'ttft_timeout',
    'upstream_bad_response',
    'upstream_error',
    'upstream_incomplete',
  ],
}

for (const [effect, codes] of Object.entries(EFFECTS))
  t.test(`these codes say "${effect}" of the backend or the deployment, and no other`, async (t) =>
    t.strictSame(
      codesWhere(({ health }) => health === effect),
      codes,
    ),
  )

t.test('only a failure of a backend changes what is known of its health', async (t) => {
  for (const code of CODES) if (ERRORS[code].health !== null) t.equal(ERRORS[code].source, 'upstream', code)
})

t.test('the backend was at work, or the gateway hung up on it', async (t) => {
  const abandoned: ErrorCode[] = ['client_closed', 'deadline_exceeded', 'idle_timeout', 'total_timeout', 'ttft_timeout']
  const broken: ErrorCode[] = ['answer_too_large', 'trimmed', 'upstream_bad_response', 'upstream_incomplete']
  t.strictSame(
    codesWhere(({ atWork }) => atWork),
    [...abandoned, ...broken].sort(),
  )
  t.strictSame(
    codesWhere(({ hungUp }) => hungUp),
    [...abandoned, 'shutting_down'].sort(),
  )
})

t.test('a status and a code of a backend are passed on for these codes only', async (t) =>
  t.strictSame(
    codesWhere(({ passed }) => passed),
    ['invalid_request', 'upstream_cannot'],
  ),
)

t.test('what a caller is advised to do after it', async (t) => {
  t.strictSame(
    codesWhere(({ retry }) => retry === 'never'),
    ['answer_too_large', 'not_implemented', 'upstream_unsupported'],
  )
  const waits = CODES.filter((code) => typeof ERRORS[code].retry === 'number').map((code) => [code, ERRORS[code].retry])
  t.strictSame(Object.fromEntries(waits), { upstream_rate_limited: 60_000, upstream_quota: 60_000, overloaded: 1000 })
})
