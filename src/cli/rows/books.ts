/** Texts of the commands about what requests took, and what was learnt from them. */
import { GROUP_FIELDS } from '../../ledger/groups.ts'
import { row } from '../command.ts'
import { CONFIG, JSON_FLAG, SINCE } from './shared.ts'

const LEDGER_FOLDER = {
  takes: 'DIR',
  path: 'folder',
  doc: 'the folder of the ledger, without a configuration',
} as const

export const SESSIONS = row({
  name: 'sessions',
  summary: 'print what agents took and cost, by session or by agent',
  about: ['It asks the admin API of a running gateway, whose address is that of --url or of the configuration.'],
  args: {},
  flags: {
    since: { takes: 'TIME', doc: 'those with a request since then: an age (90m, 1h, 7d) or a date' },
    sort: { words: ['recent', 'cost', 'tokens', 'waste', 'requests'], fallback: 'recent', doc: 'which are first' },
    limit: { takes: 'N', fallback: '20', doc: 'how many at most' },
    agents: { doc: 'a row for each agent' },
    agent: { takes: 'NAME', doc: 'of this agent only' },
    key: { takes: 'ID', doc: 'of the key with this id only' },
    team: { takes: 'NAME', doc: 'of this team only' },
    config: CONFIG,
    url: { takes: 'URL', doc: 'the admin API, such as http://127.0.0.1:7071' },
    token: { takes: 'TOKEN', doc: 'the token of the admin API; else TURNOUT_ADMIN_TOKEN' },
    json: JSON_FLAG,
  },
  either: [{ flags: ['config', 'url'], why: '--url already says where the admin API is; leave out --config' }],
  examples: [
    { line: 'turnout sessions --since 1h --sort cost', does: 'the dearest of the last hour' },
    { line: 'turnout sessions --agents', does: 'sums of each agent' },
  ],
})

export const STATS = row({
  name: 'stats',
  summary: 'print useful answers, cost, tokens, waste, TTFT and budgets',
  about: [
    'The numbers come from the ledger, also while the gateway runs. Where none is configured, the last hour comes ' +
      'from the running gateway; one that requires keys gives it only with TURNOUT_ADMIN_TOKEN.',
  ],
  args: {},
  flags: {
    since: { ...SINCE, doc: `${SINCE.doc}; 1h without it` },
    json: JSON_FLAG,
    config: CONFIG,
    folder: LEDGER_FOLDER,
  },
  either: [{ flags: ['config', 'folder'], why: '--config and --folder exclude each other' }],
  examples: [
    { line: 'turnout stats', does: 'the last hour' },
    { line: 'turnout stats --since 7d --json', does: 'a week, for a program' },
  ],
  guesses: ['stat', 'statistics', 'summary', 'top', 'budget', 'budgets', 'spend'],
})

export const SAVINGS = row({
  name: 'savings',
  summary: 'print what was saved, measured against control groups',
  about: [
    'A route with a control group (`control: 5%`) sends a share of its conversations to any able candidate. This compares ' +
      'what they came to with the rest, and says how sure that is. The numbers come from the ledger.',
  ],
  args: {},
  flags: {
    since: { ...SINCE, doc: `${SINCE.doc}; 7d without it` },
    route: { takes: 'ROUTE', doc: 'of this route only' },
    json: JSON_FLAG,
    config: CONFIG,
    folder: LEDGER_FOLDER,
  },
  either: [{ flags: ['config', 'folder'], why: '--config and --folder exclude each other' }],
  examples: [
    { line: 'turnout savings', does: 'the last week' },
    { line: 'turnout savings --since 30d --route default --json', does: 'a month of one route, for a program' },
  ],
  guesses: ['saved', 'saving', 'control', 'ab', 'proof'],
})

export const STATE = row({
  name: 'state',
  summary: 'print or delete the file of what was learnt',
  args: { verb: { words: ['show', 'reset'], doc: 'print what it has, or delete it; show without a word' } },
  flags: { config: CONFIG, json: JSON_FLAG },
  examples: [
    { line: 'turnout state', does: 'models and how often each was observed' },
    { line: 'turnout state reset', does: 'forget all of it; stop the gateway first' },
  ],
})

export const LEDGER = row({
  name: 'ledger',
  summary: 'print what requests took and cost, also while the gateway runs',
  args: {},
  flags: {
    since: SINCE,
    until: { takes: 'TIME', doc: 'before then' },
    kind: { words: ['request', 'attempt'], doc: 'rows of requests, or of the calls made for them; both without it' },
    route: { takes: 'ROUTE', doc: 'of this route only' },
    key: { takes: 'ID', doc: 'of the key with this id only' },
    sum: {
      takes: 'FIELDS',
      hints: Object.keys(GROUP_FIELDS),
      doc: `add up the rows of requests by ${Object.keys(GROUP_FIELDS).join(', ')}, or several of them: model,day`,
    },
    format: {
      words: ['jsonl', 'csv', 'table'],
      doc: 'a line of JSON or of CSV for each row, or a table of sums; jsonl without it, table with --sum',
    },
    decisions: { doc: 'with the decision of each request; JSON only' },
    config: CONFIG,
    folder: LEDGER_FOLDER,
  },
  either: [{ flags: ['config', 'folder'], why: '--config and --folder exclude each other' }],
  examples: [
    { line: 'turnout ledger --since 1h --kind request', does: 'the requests of the last hour' },
    { line: 'turnout ledger --since 30d --sum model,day', does: 'what each model took each day' },
    { line: 'turnout ledger --since 7d --format csv > week.csv', does: 'a week, for a spreadsheet' },
  ],
  instead: { json: 'write --format jsonl' },
  guesses: ['usage', 'cost', 'costs', 'log', 'logs', 'requests', 'export'],
})
