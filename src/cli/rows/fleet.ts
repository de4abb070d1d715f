/** Texts of the command about fleets that are only simulated. */
import { POLICY_NAMES } from '../../simulate/policy-names.ts'
import { row } from '../command.ts'

export const SIMULATE = row({
  name: 'simulate',
  summary: 'try a recorded load on a simulated fleet, policy by policy',
  about: [
    'Requests come when the trace says so. Engines read one prompt after the other (8,000 tokens a second at speed 1), ' +
      'keep 3,000 blocks of 512 tokens, and write a token in 20 ms and .5 ms more for each answer beside it. ' +
      'Nothing is sent, and no configuration is read.',
    `Policies: ${POLICY_NAMES.join(', ')}. \`turnout\` is the code that \`turnout serve\` decides with; it learns ` +
      'speeds and caches from answers. The others are published formulae; expected_ttft and reference are told the speeds.',
    'A line of the trace: {"timestamp": ms, "input_length": tokens, "output_length": tokens, "hash_ids": [..]}; equal ' +
      'ids are equal blocks of 512 tokens, from the beginning of the prompt on.',
    'Exit code 0: it was simulated; 1: the trace cannot be read.',
  ],
  args: {},
  flags: {
    trace: { takes: 'FILE', needed: true, path: 'file', doc: 'the recorded load; - reads standard input' },
    fleet: {
      takes: 'FLEET',
      fallback: '6x1',
      doc: 'speeds: 6x1, or 2,2,1,1,.5,.5; of a kind: 2x1,4x.5@ollama,1@cloud',
    },
    policies: { takes: 'LIST', doc: 'names with commas between them, turnout:STRATEGY among them; else all' },
    seeds: { takes: 'LIST', fallback: '1', doc: 'numbers that chance comes from; figures are means over them' },
    stale: { takes: 'TIME', doc: 'loads that engines tell are as old as this (1s, 5s), or `never` told' },
    gateways: { takes: 'N', fallback: '1', doc: 'gateways beside each other that know nothing of each other' },
    burst: { takes: 'BURST', doc: 'in the middle requests come faster for a while: x3@30s' },
    death: { takes: 'DEATH', doc: 'an engine goes away, and comes back empty: 1@20m+2m' },
    rate: { takes: 'FACTOR', fallback: '1', doc: 'all requests come so many times as fast' },
    models: {
      takes: 'N',
      fallback: '1',
      doc: 'models that requests ask for; an engine of kind ollama has one in memory',
    },
    limit: { takes: 'N', doc: 'the first requests only' },
    json: { doc: 'print JSON, on one line' },
  },
  examples: [
    { line: 'turnout simulate --trace load.jsonl --fleet 4x1', does: 'all policies on four equal engines' },
    {
      line: 'turnout simulate --trace load.jsonl --fleet 2,1,.5,.5 --policies turnout,epp',
      does: 'two of them on unlike ones',
    },
    {
      line: 'turnout simulate --trace load.jsonl --fleet 3x1,1@cloud --rate 2',
      does: 'is that enough for twice the load?',
    },
  ],
  guesses: ['sim', 'fleet', 'size'],
})
