import t from 'tap'
import { answerHeaders } from '../../../src/formats/anthropic/answer-headers.ts'
import { readId, writtenId } from '../../../src/formats/anthropic/call-ids.ts'

t.test('what an answer says under the names of Anthropic', async (t) => {
  const now = Date.parse('2026-11-30T12:00:00Z')
  const list = [
    'x-request-id',
    'r',
    'x-turnout-model',
    'm',
    'x-ratelimit-limit-requests',
    '60',
    'x-ratelimit-remaining-requests',
    '59',
  ]
  const resets = ['x-ratelimit-reset-requests', '12s', 'x-ratelimit-reset-tokens', '450ms']
  t.strictSame(answerHeaders([...list, ...resets], now), [
    'request-id',
    'r',
    'anthropic-ratelimit-requests-limit',
    '60',
    'anthropic-ratelimit-requests-remaining',
    '59',
    'anthropic-ratelimit-requests-reset',
    '2026-11-30T12:00:12.000Z',
    'anthropic-ratelimit-tokens-reset',
    '2026-11-30T12:00:00.450Z',
  ])
})

for (const id of ['call_1', 'toolu_01AbC', 'functions.read:0', 'é🚂', '', 'toolu_turnout_eA', 'a b'])
  t.test(`the id ${JSON.stringify(id)} is one that Anthropic takes, and comes back`, async (t) => {
    t.match(writtenId(id), /^[a-zA-Z0-9_-]+$/)
    t.equal(readId(writtenId(id)), id)
  })
