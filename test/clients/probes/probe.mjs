import { setTimeout } from 'node:timers/promises'

// What the probes in JavaScript share: the gateway, one tool, one schema, and the loop over the steps.
// What a step returns, or the error that ends it, goes out as one JSON line.
export const URL = process.env.TURNOUT_URL
export const KEY = process.env.TURNOUT_KEY
/** Its budget is used up. */
export const POOR = process.env.TURNOUT_POOR_KEY
export const MODEL = process.env.TURNOUT_MODEL
/** Its backend answers every other request with 429 and a time to wait. */
export const BUSY = 'busy'
export const UNKNOWN = 'no-such-model'

export const QUESTION = 'Write proof-clients.txt'
export const RESULT = 'seen-clients'

const strings = (...names) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
  required: names,
  additionalProperties: false,
})
export const TOOL = { name: 'bash', description: 'Runs a command.', parameters: strings('command') }
export const PLACE = strings('city')

export async function run(steps) {
  for (const name of process.env.TURNOUT_STEPS.split(',')) {
    const step = steps[name]
    if (step === undefined) continue
    const line = await Promise.resolve()
      .then(step)
      .then(
        (saw) => ({ saw }),
        (error) => ({ error: `${error.constructor.name}: ${error.message}` }),
      )
    // The end of this process must not be what ends the request.
    if (name === 'leaves') await setTimeout(6_000)
    process.stdout.write(`${JSON.stringify({ step: name, ...line })}\n`)
  }
}
