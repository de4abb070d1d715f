/** Texts of the command that simulates a fleet. */
import { POLICY_NAMES } from '../../simulate/policy-names.ts'
import { row } from '../command.ts'

export const SIMULATE = row({
  name: 'simulate',
  summary: 'replay a load on a simulated fleet, compare policies',
  about: [
    'Requests arrive at the times in the trace. Each engine reads one prompt at a time (8,000 tokens a second at ' +
      'speed 1), keeps 3,000 blocks of 512 tokens in its prefix cache, and generates a token in 20 ms plus 0.5 ms for ' +
      'each request in the batch. Nothing is sent, and no configuration file is read.',
    `Policies: ${POLICY_NAMES.join(', ')}. \`turnout\` is the code that \`turnout serve\` routes with; it learns ` +
      'speeds and caches from the answers. The others are published formulas; expected_ttft and reference are given ' +
      'the speeds.',
    'A line of the trace: {"timestamp": ms, "input_length": tokens, "output_length": tokens, "hash_ids": [..]}; ' +
      'hash_ids name the blocks of 512 tokens of the prompt, from its beginning: equal ids are equal blocks.',
    'Exit code 0: the simulation ran; 1: the trace cannot be read.',
  ],
  args: {},
  flags: {
    trace: { takes: 'FILE', needed: true, path: 'file', doc: 'the recorded load; - reads standard input' },
    fleet: {
      takes: 'FLEET',
      fallback: '6x1',
      doc: 'speeds, as in 6x1 or 2,2,1,1,.5,.5; with kinds: 2x1,4x.5@ollama,1@cloud',
    },
    policies: { takes: 'LIST', doc: 'comma-separated names, also turnout:STRATEGY; all by default' },
    seeds: {
      takes: 'LIST',
      fallback: '1',
      doc: 'comma-separated seeds for random choices; figures are means over them',
    },
    stale: { takes: 'TIME', doc: 'policies see the load of engines up to this late (1s, 5s), or `never`' },
    gateways: { takes: 'N', fallback: '1', doc: 'gateways side by side that do not share what they know' },
    burst: { takes: 'BURST', doc: 'a burst halfway: x3@30s is three times the request rate for 30 s' },
    death: { takes: 'DEATH', doc: 'an engine fails and returns empty: 1@20m+2m, the first after 20 min for 2' },
    rate: { takes: 'FACTOR', fallback: '1', doc: 'multiply the request rate' },
    models: {
      takes: 'N',
      fallback: '1',
      doc: 'number of models asked for; an engine of kind ollama holds one at a time',
    },
    limit: { takes: 'N', doc: 'replay only the first N requests' },
    json: { doc: 'print JSON, on one line' },
  },
  examples: [
    { line: 'turnout simulate --trace load.jsonl --fleet 4x1', does: 'all policies on four equal engines' },
    {
      line: 'turnout simulate --trace load.jsonl --fleet 2,1,.5,.5 --policies turnout,epp',
      does: 'two policies on engines of different speed',
    },
    {
      line: 'turnout simulate --trace load.jsonl --fleet 3x1,1@cloud --rate 2',
      does: 'three engines and a cloud under twice the load',
    },
  ],
  guesses: ['sim', 'fleet', 'size'],
})
