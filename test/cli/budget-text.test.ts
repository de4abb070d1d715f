import t from 'tap'
import { budgetsText } from '../../src/cli/budget-text.ts'
import { parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'

t.test(
  'check shows the budgets of a configuration and of its keys, with whom they count and their window',
  async (t) => {
    const { config } = parseConfig(
      `backends: [{ name: a, kind: openai, key: k }]
budgets:
  - { name: month, of: gateway, usd: 50, per: month }
  - { name: each, of: session, tokens: 100000, requests: 10, per: hour }
  - { name: blue, of: team, ids: [blue, "b-*"], usd: 0.5, per: day }
`,
      {},
      await loadProviders(),
    )
    t.equal(
      budgetsText(config),
      'budget  of              limit                        window\n' +
        'month   gateway         $50.00                       month\n' +
        'each    each session    100,000 tokens, 10 requests  hour\n' +
        'blue    team blue, b-*  $0.5                         day\n',
    )
    t.equal(budgetsText({ budgets: [], keys: [] }), '')
  },
)
