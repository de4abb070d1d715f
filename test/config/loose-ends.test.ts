import t from 'tap'
import { load } from './load.ts'

const BASE = "backends: [{ name: a, kind: openai-compatible, url: 'http://h', models: [m] }]\n"
const HASH = `sha256:${'ab'.repeat(32)}`
const KEYS = `keys: [{ id: k, hash: '${HASH}', team: red }]\n`
const LASTING = 'store: { ledger: ./l }\n'
const budgetOf = (of: string, id: string): string =>
  `${BASE}${KEYS}${LASTING}budgets: [{ name: b, of: ${of}, ids: ['${id}'], usd: 1, per: day }]`

t.test('names that lead to nobody or to two things are warnings, with what to write', async (t) => {
  const cases: readonly (readonly [what: string, yaml: string, said: RegExp | null])[] = [
    [
      'a route like a model',
      `${BASE}routes: [{ name: m, candidates: ['*'] }]`,
      /^routes\[0\]\.name: "m" is a model of "a" too; .* "a\/m" is the model$/,
    ],
    ['a route by a name of its own', `${BASE}routes: [{ name: r, candidates: ['*'] }]`, null],
    [
      'a team that is not there',
      budgetOf('team', 'rad'),
      /^budgets\[0\]\.ids\[0\]: there is no team "rad", so nothing is counted; did you mean "red"\?$/,
    ],
    ['a team that is', budgetOf('team', 'r*'), null],
    [
      'a key that is not there',
      budgetOf('key', 'team-b'),
      /^budgets\[0\]\.ids\[0\]: there is no key "team-b", .*; there are k$/,
    ],
    ['a route that is not there', budgetOf('route', 'coding'), /there is no route "coding", .*; there are default$/],
    ['users come with requests', budgetOf('user', 'anybody'), null],
    [
      'keys that are made at run time',
      budgetOf('team', 'rad').replace('ledger: ./l', 'ledger: ./l, keys: ./k.json'),
      null,
    ],
    [
      'a pattern of no backend',
      `${BASE}routes: [{ name: r, candidates: ['b*/x'] }]`,
      /^routes\[0\]\.candidates\[0\]: no backend is named "b\*", /,
    ],
    ['a pattern of one', `${BASE}routes: [{ name: r, candidates: ['a*/x', '*/x'] }]`, null],
    [
      'a key that stands in the file',
      'backends: [{ name: a, kind: openai, key: sk-proj-sesame0sesame0sesame }]',
      /^backends\[0\]\.key stands in the file, .*; write "\$\{OPENAI_API_KEY\}" and set the variable$/,
    ],
    [
      'a word for an engine that wants any key',
      "backends: [{ name: a, kind: vllm, url: 'http://h', key: none }]",
      null,
    ],
  ]
  for (const [what, yaml, said] of cases) {
    const { warnings } = load(yaml)
    t.match(warnings, said === null ? [] : [said], what)
    t.equal(warnings.length, said === null ? 0 : 1, what)
    t.notMatch(warnings.join(), /sesame/, what)
  }
})
