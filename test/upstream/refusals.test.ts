import t from 'tap'
import { readFault } from '../../src/formats/read-fault.ts'
import { answerFault } from '../../src/backends/upstream/fault.ts'
import { backend } from '../support/factories.ts'
import { REFUSALS } from '../support/refusals.ts'

const UP = backend()

for (const { from, status, code, lack, ofValue, about, body } of REFUSALS)
  t.test(`${from}, ${status}: ${code}, ${lack ?? about}`, async (t) => {
    const fault = readFault(JSON.stringify(body))
    const error = answerFault(UP, status, fault, null, (name) => lack === null || name === lack)
    t.equal(error.code, code, error.message)
    if (code !== 'invalid_request') t.equal(error.about, about)
    if (code !== 'upstream_cannot') return
    t.equal(error.lack?.name, lack)
    if (lack !== null) t.equal(error.lack?.ofValue, ofValue)
    t.ok(error.status < 500 && error.status !== 401 && error.status !== 403, String(error.status))
  })

t.test('what a request does not ask for is not lacking, whatever the words', async (t) => {
  for (const { from, status, code, lack, body } of REFUSALS) {
    if (code !== 'upstream_cannot' || lack === null || lack === 'model') continue
    const error = answerFault(UP, status, readFault(JSON.stringify(body)), null, () => false)
    t.not(error.code, 'upstream_cannot', `${from}: ${error.message}`)
  }
})

t.test('a prompt that is quoted in a complaint says nothing of the backend', async (t) => {
  for (const prompt of [
    'insufficient balance in my account',
    'Your credit balance is too low',
    'your input was flagged for violence',
    'maximum context length is 5 tokens',
    'the model does not support images --jinja',
    'the model `x` does not exist',
    'API key expired',
  ]) {
    const bodies = [
      { detail: [{ loc: ['body', 'messages'], msg: 'Input should be a valid list', input: prompt }] },
      { message: `[{'type': 'list_type', 'loc': ('body', 'messages'), 'msg': 'not a list', 'input': '${prompt}'}]` },
      { message: `1 validation error: messages: not a list [type=list_type, input_value='${prompt}', input_type=str]` },
      { error: { message: `Failed to parse messages: not a list; messages = ["${prompt}"]`, code: 400 } },
    ]
    for (const body of bodies) {
      const error = answerFault(UP, 400, readFault(JSON.stringify(body)))
      t.equal(error.code, 'invalid_request', JSON.stringify(body))
    }
  }
})
