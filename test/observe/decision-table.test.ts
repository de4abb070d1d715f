import t from 'tap'
import { RECORDED } from '../../src/core/terms.ts'
import { hasEstimate } from '../../src/observe/explain/columns.ts'
import { isDecision } from '../../src/observe/explain/shape.ts'
import { decisionTable } from '../../src/observe/explain/table.ts'
import { candidate, decision, FULL } from './decision-samples.ts'

t.test('the table shows all that a decision has', async (t) => {
  t.equal(
    decisionTable(FULL),
    `request   req-1: route default, strategy balanced, class code, difficulty 0.62 of 1, input 1,234 tokens, needs chat
          tools

candidate         effort   success    in cached   out think    cost TTFT total qual.  cost  lat.  eff. utility
                              0..1   tok    tok   tok   tok     USD    s     s  term  term  term  term     sum
gpu-a/qwen3-32b   -      0.79±0.05 1,288      0   530     0 0.00031 0.21   9.3 +0.21 +0.20 -0.21 -0.02   +0.18
openai/gpt-5-mini low    0.86±0.03 1,301  1,024   412    96 0.00118 0.64  6.12 +0.31 -0.42 -0.10 -0.04   -0.25
openai/gpt-5-mini high   0.91±0.02 1,301  1,024 1,890 1,560 0.00414  5.2  24.8 +0.42 -1.05 -0.52 -0.20   -1.35

dropped   gpu-a/embedder: capability: has no chat
          azure/big: cost: would cost 0.31 USD, the limit is 0.05

chosen    gpu-a/qwen3-32b over openai/gpt-5-mini at effort low: cost +0.62, efficiency +0.02, quality -0.10, latency
          -0.11, utility +0.43
          best utility
then      openai/gpt-5-mini
explored  no; probability of this choice 0.97

outcome   a useful answer, finish reason stop; tokens: input 1,302 (cached 1,024), output 388 (reasoning 64), cost
          0.0011 USD, TTFT 0.702 s, total 5.9 s
attempts  gpu-a/qwen3-32b: overloaded (HTTP 503)
          openai/gpt-5-mini: answered (HTTP 200)
`,
  )
})

t.test('an estimate for a term only has a column where a candidate has some and the term counts', async (t) => {
  const [total] = RECORDED.filter(({ field }) => field === 'total_ms')
  if (total === undefined || total.shown === null) throw new Error('no column of the total')
  const shown = { ...total.shown, column: 'weighed' } as const
  const has = (total_ms: number, latency: number): boolean => {
    const one = candidate('a/m', { expected: { total_ms }, terms: { latency } })
    return hasEstimate([candidate('b/m'), one], 'total_ms', shown, ['latency'])
  }
  t.ok(has(1, -0.1))
  t.notOk(has(1, 0))
  t.notOk(has(0, -0.1))
  t.notOk(
    hasEstimate([candidate('a/m', { expected: { total_ms: 1 }, terms: { cost: 1 } })], 'total_ms', shown, ['latency']),
  )
})

t.test('what is not known is ?, never 0', async (t) => {
  const bare = decision({
    profile: { class: 'other', difficulty: null, input_tokens: 0, needs: [], affinity: 's' },
    candidates: [candidate('a/m')],
    order: ['a/m'],
    outcome: { attempts: [], tokens: null, cost_usd: null, ttft_ms: null, total_ms: 0, finish: null, success: false },
  })
  t.equal(
    decisionTable(bare),
    `request   req-1: route default, strategy balanced, class other, difficulty ?, input 0 tokens, needs nothing special,
          affinity s

candidate  effort  success   in  out  cost  TTFT  total  qual.  cost  lat.  eff.  utility
                      0..1  tok  tok   USD     s      s   term  term  term  term      sum
a/m        -             ?    ?    ?     ?     ?      ?      ?     ?     ?     ?        ?

chosen    a/m, the only candidate

outcome   no useful answer, finish reason none; tokens: input ? (cached ?), output ? (reasoning ?), cost ?, TTFT ?,
          total 0 s
`,
  )
})

t.test('costs too small for one request are those of a thousand; free is 0', async (t) => {
  const costs = (...usd: (number | null)[]): string => {
    const able = usd.map((cost_usd, index) => candidate(`b/m${index}`, { expected: { cost_usd } }))
    return decisionTable(decision({ candidates: able, order: [] }))
  }
  const tiny = costs(0.000012, 0, null)
  t.match(tiny, /USD\/1k/)
  t.match(tiny, /^b\/m0 .* 0\.012 /m)
  t.match(tiny, /^b\/m1 +- +\? +\? +\? +0 /m)
  t.match(tiny, /^b\/m2 +- +\? +\? +\? +\? /m)
  const usual = costs(0.000012, 0.02)
  t.notMatch(usual, /1k/)
  t.match(usual, /^b\/m0 .* 0\.000012 /m)
})

t.test('the best first; without utilities in the order in which they are asked', async (t) => {
  const names = (text: string): string[] => [...text.matchAll(/^(b\/\w+) +-/gm)].map(([, name]) => name!)
  const utilities = { x: -0.5, y: 1.25, z: 0.5 }
  const scored = Object.entries(utilities).map(([model, utility]) => candidate(`b/${model}`, { utility }))
  t.strictSame(names(decisionTable(decision({ candidates: [candidate('b/w'), ...scored], order: ['b/x'] }))), [
    'b/y',
    'b/z',
    'b/x',
    'b/w',
  ])
  const plain = ['x', 'y', 'z'].map((model) => candidate(`b/${model}`))
  t.strictSame(names(decisionTable(decision({ candidates: plain, order: ['b/z', 'b/x', 'b/y'] }))), [
    'b/z',
    'b/x',
    'b/y',
  ])
})

t.test('the choice: its effort, the reasons, and that it is not the best', async (t) => {
  const candidates = [
    candidate('b/m', { effort: 'low', utility: 0.1, terms: { quality: 0.1, cost: 0.0 } }),
    candidate('b/m', { effort: 'high', utility: 0.5, terms: { quality: 0.7, cost: -0.2 }, score_why: 'it thinks' }),
    candidate('c/n', { utility: 0.3, terms: { quality: 0.5, cost: -0.2 } }),
  ]
  const best = decisionTable(decision({ candidates, order: ['b/m', 'c/n'] }))
  t.match(
    best,
    /^chosen {4}b\/m at effort high over c\/n: quality \+0\.20, utility \+0\.20\n +it thinks\nthen {6}c\/n$/m,
  )
  const chosen = { backend: 'b', model: 'm', effort: 'low' }
  const tried = decisionTable(
    decision({ candidates, order: ['b/m', 'c/n'], chosen, explored: true, propensity: 0.03125, relaxed: 'latency' }),
  )
  t.match(
    tried,
    /^chosen {4}b\/m at effort low in spite of b\/m at effort high: quality -0\.60, cost \+0\.20, utility -0\.40$/m,
  )
  t.match(tried, /^explored {2}yes.*probability of this choice 0\.0313$/m)
  t.match(tried, /^relaxed {3}the limit on latency/m)
  t.notMatch(best, /explored|relaxed/)
})

t.test('nobody can: why not, and what the caller would be told', async (t) => {
  const text = decisionTable(
    decision({
      candidates: [candidate('a/m', { dropped: { filter: 'context', why: 'holds 100 tokens' } })],
      error: { message: 'No candidate can serve this request.', code: 'unsupported', source: 'caller' },
    }),
  )
  t.equal(
    text.split('\n\n').slice(1).join('\n\n'),
    'dropped   a/m: context: holds 100 tokens\n\nrefused   unsupported (caller): No candidate can serve this request.\n',
  )
})

t.test('never wider than it may be, 120 where nobody says, whatever the names are; none of them is lost', async (t) => {
  const names = [
    'openrouter/meta-llama/llama-3.1-405b-instruct-turbo-preview',
    `b/${'x'.repeat(300)}`,
    'b/n',
    `c/${'word '.repeat(60)}`,
  ]
  const busy = {
    ...FULL,
    candidates: [...FULL.candidates, ...names.map((name) => candidate(name, { effort: 'medium', utility: 0 }))],
  }
  for (const width of [undefined, 100, 80])
    for (const record of [
      busy,
      { ...busy, order: names },
      {
        ...busy,
        candidates: busy.candidates.map((one) => ({ ...one, dropped: { filter: 'f', why: 'y'.repeat(500) } })),
      },
    ]) {
      const text = decisionTable(record, width)
      t.strictSame(
        text.split('\n').filter((line) => line.length > (width ?? 120)),
        [],
      )
      t.notMatch(text, /[ \t]$/m, 'nothing at the ends of lines')
      for (const name of names.slice(0, 3)) t.ok(text.replace(/\s/g, '').includes(name), name)
    }
})

t.test('what does not fit side by side stands below: what is expected, then what the terms make of it', async (t) => {
  t.match(
    decisionTable(FULL, 80),
    `
candidate         effort   success    in cached   out think    cost TTFT total
                              0..1   tok    tok   tok   tok     USD    s     s
gpu-a/qwen3-32b   -      0.79±0.05 1,288      0   530     0 0.00031 0.21   9.3
openai/gpt-5-mini low    0.86±0.03 1,301  1,024   412    96 0.00118 0.64  6.12
openai/gpt-5-mini high   0.91±0.02 1,301  1,024 1,890 1,560 0.00414  5.2  24.8

candidate          effort  qual.   cost   lat.   eff.  utility
                            term   term   term   term      sum
gpu-a/qwen3-32b    -       +0.21  +0.20  -0.21  -0.02    +0.18
openai/gpt-5-mini  low     +0.31  -0.42  -0.10  -0.04    -0.25
openai/gpt-5-mini  high    +0.42  -1.05  -0.52  -0.20    -1.35
`,
  )
})

t.test('a name cannot move the cursor of a terminal', async (t) => {
  const evil = 'm\u001b[2J\r\n\u202e\u0007x'
  const text = decisionTable(
    decision({
      route: evil,
      candidates: [candidate(`b/${evil}`), candidate(`c/${evil}`, { dropped: { filter: 'f', why: evil } })],
      order: [`b/${evil}`],
    }),
  )
  t.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  t.match(text, /^b\/m\ufffd\[2J/m)
})

t.test('a record of another version is shown, with ? for what it lacks; what is none is told apart', async (t) => {
  const old = {
    request_id: 'r',
    route: 'x',
    profile: { needs: [] },
    candidates: [{ backend: 'a', model: 'm', dropped: null, expected: {}, terms: {} }],
    order: ['a/m'],
  } as unknown
  t.ok(isDecision(old))
  if (isDecision(old)) t.match(decisionTable(old), /^a\/m .*\?/m)
  t.ok(isDecision(JSON.parse(JSON.stringify(FULL))))
  for (const wrong of [
    null,
    [],
    {},
    { ...FULL, candidates: {} },
    { ...FULL, candidates: [null] },
    { ...FULL, profile: {} },
    { ...FULL, order: null },
  ])
    t.notOk(isDecision(wrong))
})
