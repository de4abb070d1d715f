import t from 'tap'
import { CHAT } from '../../src/core/endpoints.ts'
import { prefersText } from '../../src/http/accepts.ts'
import { gatewayRequest } from '../../src/http/gateway-request.ts'
import type { GatewayRequest } from '../../src/core/types.ts'
import { chat } from '../support/chat.ts'
import { ANYBODY } from '../support/factories.ts'

const RAW = Buffer.from(JSON.stringify(chat()))

const read = (headers: GatewayRequest['headers']): GatewayRequest =>
  gatewayRequest(CHAT, { id: 'r', url: CHAT.path, raw: RAW, headers, principal: ANYBODY }, 0)

t.test('a ceiling of the cost', async (t) => {
  t.equal(read({}).maxCostUsd, null)
  for (const [text, value] of [
    ['0.05', 0.05],
    ['1e-6', 1e-6],
    ['2', 2],
  ] as const)
    t.equal(read({ 'x-turnout-max-cost-usd': text }).maxCostUsd, value, text)
  for (const text of ['0', '-1', 'cheap', 'Infinity', 'NaN', '0,05', '$1'])
    t.throws(
      () => read({ 'x-turnout-max-cost-usd': text }),
      { code: 'invalid_request', status: 400, param: 'x-turnout-max-cost-usd', message: /USD above 0, such as 0\.05/ },
      text,
    )
})

t.test('a deadline is a positive number of milliseconds', async (t) => {
  t.equal(read({ 'x-turnout-deadline-ms': '900' }).deadlineMs, 900)
  t.throws(() => read({ 'x-turnout-deadline-ms': '0' }), { param: 'x-turnout-deadline-ms', message: /milliseconds/ })
})

t.test('the record is asked for by 1 only', async (t) => {
  t.equal(read({ 'x-turnout-explain': '1' }).explain, true)
  for (const text of ['0', 'true', '', '11']) t.equal(read({ 'x-turnout-explain': text }).explain, false, text)
  t.equal(read({}).explain, false)
})

t.test('text is for those who prefer it', async (t) => {
  for (const accept of [
    'text/plain',
    'text/plain, application/json;q=0.9',
    'TEXT/PLAIN',
    'text/*',
    'text/plain, */*;q=0.1',
  ])
    t.equal(prefersText(accept), true, accept)
  for (const accept of [
    undefined,
    '',
    '*/*',
    'application/json',
    'application/json, text/plain',
    'text/plain;q=0',
    'text/plain;q=0.5, application/json',
    'text/html',
  ])
    t.equal(prefersText(accept), false, accept ?? 'none')
})
