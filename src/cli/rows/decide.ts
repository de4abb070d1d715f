/** Texts of the commands about decisions, and about programs that ask for them. */
import { AGENTS } from '../agents.ts'
import { row } from '../command.ts'
import { CONFIG, JSON_FLAG, KEY, MODEL } from './shared.ts'

export const URL_FLAG = { takes: 'URL', doc: 'the running gateway, such as http://127.0.0.1:7070' } as const
export const OWN_CONFIG = {
  flags: ['config', 'url'],
  why: 'the gateway at --url has its own configuration; leave out --config',
} as const

/** Where a decision is asked for. */
export const DECIDING = {
  url: URL_FLAG,
  config: { ...CONFIG, doc: 'decide here, by this configuration, and ask no gateway' },
  key: KEY,
  json: JSON_FLAG,
} as const

const WHO_DECIDES =
  'It asks the gateway that runs on this machine, at the address of the configuration, and decides by itself where ' +
  'none answers; it says which it did. Exit code 0: a backend would be called; 1: none.'

export const EXPLAIN = row({
  name: 'explain',
  summary: 'decide about a request without sending it, and print why',
  about: [
    WHO_DECIDES,
    'With --last or --id it prints what was decided about a request that is over, and how it ended.',
  ],
  args: { request: { takes: 'REQUEST.json', path: 'file', doc: 'the body of a request; - reads standard input' } },
  flags: {
    last: { doc: 'the last request of the ledger' },
    id: { takes: 'ID', doc: 'the request of the ledger with this id: x-request-id of its answer' },
    endpoint: { takes: 'NAME', doc: 'whose body it is, where its members do not say: messages, gemini_generate ..' },
    model: { takes: 'NAME', doc: 'the model of a body of the Gemini API, which does not name it' },
    ...DECIDING,
    config: { ...CONFIG, doc: `${DECIDING.config.doc}; with --last and --id: whose ledger is read` },
  },
  either: [
    OWN_CONFIG,
    { flags: ['last', 'id'], why: '--last and --id exclude each other' },
    ...(['last', 'id'] as const).map((name) => ({
      flags: [name, 'url'],
      why: `--${name} reads the ledger on this machine; leave out --url`,
    })),
  ],
  examples: [
    { line: 'turnout explain request.json', does: 'by the gateway that runs, or by the configuration' },
    { line: 'turnout explain request.json --config cheap.yaml', does: 'by another configuration' },
    { line: 'turnout explain --last', does: 'why the last request went where it went' },
  ],
  guesses: ['why', 'plan'],
})

export const ROUTE = row({
  name: 'route',
  summary: 'decide about a text without sending it, and print why',
  about: [WHO_DECIDES],
  args: { text: { takes: 'TEXT', needed: true, rest: true, doc: 'the text of the request; - reads standard input' } },
  flags: { model: { ...MODEL, fallback: 'auto', doc: 'the model to ask for' }, ...DECIDING },
  either: [OWN_CONFIG],
  examples: [
    { line: 'turnout route "Prove that there are infinitely many primes."', does: 'who would get this' },
    { line: 'turnout route "Hello" --model auto:cheap', does: 'by another strategy' },
  ],
  guesses: ['dry-run', 'decide', 'try'],
})

export const CONNECT = row({
  name: 'connect',
  summary: 'print how to point an agent at this gateway, or test its APIs',
  about: [
    `Agents: ${AGENTS.map(({ id }) => id).join(', ')}.`,
    'The gateway is the one at --url, or that of the configuration; it need not run, but for --test.',
  ],
  args: {
    agent: {
      takes: 'AGENT',
      hints: AGENTS.map(({ id }) => id),
      doc: 'one of these, or how its name begins; all without one',
    },
  },
  flags: {
    model: { ...MODEL, doc: 'the model that the agent is to ask for; else auto' },
    test: { doc: 'ask the running gateway in each API that agents speak' },
    key: KEY,
    config: CONFIG,
    url: URL_FLAG,
  },
  either: [OWN_CONFIG],
  examples: [
    { line: 'turnout connect claude-code', does: 'the lines for Claude Code' },
    { line: 'turnout connect --test', does: 'what of it works now' },
    { line: 'turnout connect codex --model auto:cheap', does: 'Codex, with a strategy' },
  ],
  guesses: ['agent', 'agents'],
})

export const REPLAY = row({
  name: 'replay',
  summary: 'compare two configurations on the requests of a ledger or a log',
  about: [
    'Each request is decided again by the configuration that the gateway ran with and by the other one. Nothing is ' +
      'sent. Exit code 0: requests were compared; 1: none, or a file cannot be read.',
  ],
  args: {
    source: {
      takes: 'SOURCE',
      needed: true,
      path: 'file',
      doc:
        'the folder of a ledger, a segment of it, or a file with the log of a gateway or what ' +
        '`turnout ledger --decisions` prints; - reads standard input',
    },
  },
  flags: {
    config: { ...CONFIG, doc: `what that gateway ran with; ${CONFIG.doc.replace(/^[^;]*; /, '')}` },
    against: { takes: 'FILE', needed: true, path: 'file', doc: 'the other configuration' },
    json: JSON_FLAG,
    verbose: { doc: 'name the lines and requests that could not be read' },
  },
  examples: [
    { line: 'turnout replay --against cheap.yaml ./ledger', does: 'all that the ledger has' },
    {
      line: 'turnout ledger --since 7d --decisions | turnout replay --against cheap.yaml -',
      does: 'the last week of it',
    },
  ],
  guesses: ['compare', 'diff'],
})
