/** What `turnout connect` prints: the lines of an agent, and which APIs answer. Within 80 columns, as far as the addresses let them. Pure. */
import { PROBES } from '../formats/probes.ts'
import { type Agent, AGENTS, type Aim } from './agents.ts'
import type { Outcome, Probed } from './probe-gateway.ts'
import { table } from './table.ts'
import { wrapped } from '../core/wrapped.ts'

const WIDTH = 80

export const setupText = (agent: Agent, aim: Aim): string =>
  `${placeOf(agent)}\n\n${agent.lines(aim).replace(/^/gm, '  ')}\n\n${wrapped(agent.note, WIDTH)}`

const placeOf = ({ id, name, file }: Agent): string => `${id}: ${name}${file === null ? '' : `, in ${file}`}`

/** Those that somebody may mean: exactly this one, or all whose id begins so. */
export function agentsNamed(asked: string): readonly Agent[] {
  const name = asked.toLowerCase()
  const exact = AGENTS.filter(({ id }) => id === name)
  return exact.length > 0 ? exact : AGENTS.filter(({ id }) => id.startsWith(name))
}

/** One line for each API, and a paragraph for whatever does not work. */
export function probedText(rows: readonly Probed[]): string {
  const lines = rows.map(({ api, whole, streamed }) => [
    PROBES[api].api,
    resultOf(whole),
    resultOf(streamed),
    spokenBy(AGENTS.filter((agent) => agent.api === api).map(({ name }) => name)),
  ])
  const faults = rows.flatMap(({ api, whole, streamed }) =>
    faultsOf(whole, streamed).map((fault) => `\n${wrapped(`${PROBES[api].api}: ${fault}`, WIDTH)}`),
  )
  return table(['API', 'whole', 'streamed', 'spoken by'], lines) + faults.join('')
}

const resultOf = ({ fault, ms }: Outcome): string => (fault === null ? `${Math.round(ms)} ms` : 'fails')

function spokenBy(names: readonly string[]): string {
  if (names.length === 0) return 'programs made for it'
  return names.length < 4 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`
}

/** One where both fail alike. */
function faultsOf(whole: Outcome, streamed: Outcome): string[] {
  if (whole.fault !== null && whole.fault === streamed.fault) return [`${sentence(whole.fault)} ${remedyFor(whole)}`]
  return [
    ...(whole.fault === null ? [] : [`${sentence(whole.fault)} ${remedyFor(whole)}`]),
    ...(streamed.fault === null ? [] : [`streamed: ${sentence(streamed.fault)} ${remedyFor(streamed)}`]),
  ]
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

function remedyFor({ status }: Outcome): string {
  if (status === null || status === 200) return 'The log of the gateway says more.'
  if (status === 401 || status === 403) return 'Set TURNOUT_KEY to a key that may use this model.'
  if (status === 402 || status === 429) return 'A limit or a budget of the key is used up: wait, or raise it.'
  if (status === 404) return 'Name a model of GET /v1/models with --model, or use a gateway of this version.'
  if (status >= 500) return 'GET /health of the gateway says which of its backends fail.'
  return 'Name another model with --model; the log of the gateway says more.'
}
