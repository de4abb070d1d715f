/** The tables of the documents that code decides: rows of cells. What a cell says of a thing is the text that stands beside the thing in the code. */
import { BACKEND_STATES, STATE_NAMES } from '../../src/core/backend-state.ts'
import { KEY_FLAGS } from '../../src/cli/key-flags.ts'
import { ENDPOINTS } from '../../src/core/endpoints.ts'
import { ERRORS } from '../../src/core/errors.ts'
import { FILTERS } from '../../src/decision/route/filters.ts'
import { HINT_NAMES, HINTS } from '../../src/core/hints.ts'
import { Metrics } from '../../src/observe/gateway/metrics.ts'

export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export const code = (text: string): string => `\`${text}\``

/** `state` of a path that answers 404. */
const NOT_SERVED = 'not served: answers 404'

/** Paths beside the inference ones; a test compares them with the routes in src/http. */
export const OTHER_PATHS: readonly (readonly [
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  dialect: string,
  state: string,
])[] = [
  ['GET', '/v1/models', 'openai-chat', 'served'],
  ['GET', '/v1/models/*', 'openai-chat', 'served; ids may hold slashes'],
  ['GET', '/v1/deployments', '', 'served: models by backend, with prices and expectations'],
  ['GET', '/v1beta/models', 'gemini', 'served'],
  ['GET', '/v1beta/models/*', 'gemini', 'served; ids may hold slashes'],
  ['GET', '/health', '', 'served: backends and their states, with a key'],
  ['GET', '/health/liveness', '', 'served, needs no key'],
  ['GET', '/health/readiness', '', 'served, needs no key: 503 while the gateway stops'],
  ['GET', '/metrics', '', 'served, needs no key: Prometheus'],
  [
    'GET',
    '/',
    '',
    'served, needs no key: a page for browsers, JSON for programs; to a client of Ollama "Ollama is running"',
  ],
  ['GET', '/api/tags', 'ollama', 'served: the models that the key may reach'],
  ['GET', '/v1/responses/:id', 'openai-responses', 'served: an answer that is kept, to its key'],
  ['GET', '/v1/responses/:id/input_items', 'openai-responses', 'served: what it was given to'],
  ['DELETE', '/v1/responses/:id', 'openai-responses', 'served'],
  ['POST', '/v1/responses/:id/cancel', 'openai-responses', 'answers 400: nothing runs in the background'],
  ['POST', '/api/show', 'ollama', 'served: what is known of a model'],
  ['GET', '/api/ps', 'ollama', 'served: models that are loaded'],
  ['GET', '/api/version', 'ollama', 'served: the version of Ollama whose API this is'],
]

/** What a path does that its name does not say. */
const NOTES: Readonly<Record<string, string>> = {
  '/v1/route': 'what would be decided; nothing is sent',
  '/v1/feedback': 'teaches the choice of later requests',
}

export function endpointsTable(): Table {
  const state = (path: string): string => (NOTES[path] === undefined ? 'served' : `served: ${NOTES[path]}`)
  const inference = ENDPOINTS.map(({ path, format, served }) => [
    'POST',
    code(path),
    code(format),
    served ? state(path) : NOT_SERVED,
  ])
  const others = OTHER_PATHS.map(([method, path, dialect, state]) => [
    method,
    code(path),
    dialect === '' ? '' : code(dialect),
    state,
  ])
  return { head: ['method', 'path', 'dialect', 'state'], rows: [...inference, ...others] }
}

export function errorsTable(): Table {
  const rows = Object.entries(ERRORS).map(([name, { status, source, means }]) => [
    code(name),
    String(status),
    source,
    means,
  ])
  return { head: ['code', 'status', 'source', 'meaning'], rows }
}

export function metricsTable(): Table {
  const { families } = new Metrics({ version: '', configHash: 0, backends: () => [] })
  const rows = families.map(({ name, help, labelNames }) => [code(name), labelNames.map(code).join(', '), help])
  return { head: ['name', 'labels', 'meaning'], rows }
}

export function backendStatesTable(): Table {
  const rows = STATE_NAMES.map((name) => {
    const { up, means } = BACKEND_STATES[name]
    return [code(name), up ? 'yes' : 'no', means]
  })
  return { head: ['state', 'up', 'meaning'], rows }
}

export function keyFlagsTable(): Table {
  const rows = KEY_FLAGS.map(({ name, takes, doc }) => [code(`--${name} ${takes}`), doc])
  return { head: ['flag', 'meaning'], rows }
}

export function hintsTable(): Table {
  const rows = HINT_NAMES.map((name) => [code(name), HINTS[name].doc, String(HINTS[name].strength)])
  return { head: ['hint', 'what it is', 'strength at first'], rows }
}

export function filtersTable(): Table {
  const rows = Object.entries(FILTERS).map(([name, { means }]) => [code(name), means])
  return { head: ['filter', 'drops a candidate because'], rows }
}
