/**
 * A model that acts out one task behind OpenAI's chat API: asked with tools, it calls the one that is a shell; when the output of
 * the command is in the conversation it says DONE. Other requests (titles, probes) get a short text. Now and then it fails.
 */
import { isObject } from '../../src/core/is-object.ts'
import type { Plan } from '../support/fault-plan.ts'
import type { RecordedRequest } from '../support/fault-record.ts'

export const MODEL = 'scripted-1'

/** The task with this mark, as it is put to an agent; its file must then hold what `seen` says. */
export const promptOf = (mark: string): string => `Write proof-${mark}.txt`
export const fileOf = (mark: string): string => `proof-${mark}.txt`
export const seen = (mark: string): string => `seen-${mark}`

/** Tokens that answers took, by the id of their request. */
export interface Took {
  /** Of the task that the request belongs to. */
  readonly mark: string
  input: number
  cached: number
  output: number
  answers: number
}

export interface Script {
  readonly rule: (request: RecordedRequest) => Plan
  /** Of answers that went out whole. */
  readonly took: ReadonlyMap<string, Took>
  readonly faults: number
}

/** How a call fails, by name. */
export const FAULTS: Readonly<Record<string, Plan>> = {
  restart: { status: 503, body: { error: { message: 'The engine restarts.', type: 'server_error', code: null } } },
  reset: { drop: 'reset' },
  busy: {
    status: 429,
    headers: { 'retry-after': '0' },
    body: { error: { message: 'Busy.', type: 'rate_limit_error' } },
  },
  /** Before anything that a caller could see: another backend can still answer. */
  early: { cut: { events: 1, how: 'reset' } },
  /** In the middle of the text: the caller sees half of an answer, and its end in an error. */
  late: { cut: { events: 3, how: 'fin' } },
}

export interface Failing {
  /** Every n-th request fails; 0: none. */
  readonly every: number
  /** In these ways by turns: names of `FAULTS`. */
  readonly ways: readonly string[]
  /** Whether the task with this mark may see half of an answer. */
  readonly mayCut: (mark: string) => boolean
}

export function scriptedModel({ every, ways, mayCut }: Failing): Script {
  const took = new Map<string, Took>()
  let faults = 0
  return {
    took,
    get faults() {
      return faults
    },
    rule: (request) => {
      const { json = {}, headers, number } = request
      const answer = answerTo(json, number)
      if (every > 0 && number % every === 0) {
        const way = ways[faults++ % ways.length]!
        const fault = FAULTS[way === 'late' && !mayCut(answer.mark) ? 'early' : way]
        // Claude Code asks for a whole answer after a stream that broke; its end is cut off.
        const whole = json['stream'] !== true && fault?.cut !== undefined
        return { ...planFor(answer, json), ...(whole ? { cut: { bytes: 40, how: 'fin' } } : fault) }
      }
      void request.finished.then(() => add(took, headers['x-request-id'] ?? '', answer))
      return planFor(answer, json)
    },
  }
}

function add(took: Map<string, Took>, id: string, { mark, usage }: Answer): void {
  const { prompt_tokens, completion_tokens } = usage
  const sum = took.get(id) ?? { mark, input: 0, cached: 0, output: 0, answers: 0 }
  sum.input += prompt_tokens
  sum.cached += CACHED
  sum.output += completion_tokens
  sum.answers += 1
  took.set(id, sum)
}

interface Answer {
  readonly mark: string
  readonly text: string
  readonly call: { readonly name: string; readonly arguments: string } | null
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number }
}

type Body = Readonly<Record<string, unknown>>

const CACHED = 64

function answerTo(json: Body, number: number): Answer {
  const messages = JSON.stringify(json['messages'] ?? [])
  const mark = /proof-([a-z0-9-]+?)\.txt/.exec(messages)?.[1] ?? 'none'
  const shell = toolsOf(json).find(({ name }) => SHELL.test(name))
  const results = listOf(json['messages']).filter((one) => one['role'] === 'tool')
  const done = results.some((one) => JSON.stringify(one['content']).includes(seen(mark)))
  const call = shell === undefined || results.length > 0 ? null : callOf(shell, mark)
  const text = call !== null ? 'I write the file.' : done ? `DONE ${mark}` : results.length > 0 ? 'NO RESULT' : TITLE
  // No two answers are alike, so that one counted in the place of another shows.
  const [prompt_tokens, completion_tokens] = [100 + Math.ceil(messages.length / 4), 5 + (number % 97)]
  return {
    mark,
    text,
    call,
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  }
}

/** Some ask for JSON with a title in it, and others for a choice. */
const TITLE = '{"title":"A file","complexity_score":10,"complexity_reasoning":"short"}'

const SHELL =
  /(?:^|__)(?:bash|shell|shell_command|exec_command|local_shell|run_shell_command|run_terminal_cmd|terminal|execute_command|run_commands?|exec)$/i

interface Tool {
  readonly name: string
  readonly properties: Readonly<Record<string, unknown>>
  readonly required: readonly unknown[]
}

function toolsOf(json: Body): Tool[] {
  return listOf(json['tools']).flatMap(({ function: described }) => {
    if (!isObject(described) || typeof described['name'] !== 'string') return []
    const schema = isObject(described['parameters']) ? described['parameters'] : {}
    return [
      {
        name: described['name'],
        properties: isObject(schema['properties']) ? schema['properties'] : {},
        required: Array.isArray(schema['required']) ? schema['required'] : [],
      },
    ]
  })
}

/** All arguments that the tool insists on. */
function callOf({ name, properties, required }: Tool, mark: string): NonNullable<Answer['call']> {
  const command = `echo ${seen(mark)} | tee ${fileOf(mark)}`
  const all = Object.entries(properties).flatMap(([key, schema]): [string, unknown][] => {
    const type = isObject(schema) ? schema['type'] : 'string'
    if (/^(?:command|cmd)$/.test(key)) return [[key, type === 'array' ? ['bash', '-lc', command] : command]]
    if (key === 'commands') return [[key, type === 'string' ? command : [command]]]
    // A tool of Codex whose input is a program.
    if (key === 'input') return [[key, `text(await tools.exec_command({ cmd: ${JSON.stringify(command)} }))`]]
    if (!required.includes(key)) return []
    return [[key, type === 'boolean' ? false : type === 'number' || type === 'integer' ? 10_000 : 'a proof']]
  })
  return { name, arguments: JSON.stringify(Object.fromEntries(all)) }
}

function listOf(value: unknown): readonly Body[] {
  return Array.isArray(value) ? value.filter((one): one is Body => isObject(one)) : []
}

function planFor({ text, call, usage }: Answer, json: Body): Plan {
  const total = { ...usage, prompt_tokens_details: { cached_tokens: CACHED } }
  const finish_reason = call === null ? 'stop' : 'tool_calls'
  const calls = call === null ? {} : { tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: call }] }
  const base = { id: 'chatcmpl-scripted', created: 1_700_000_000, model: MODEL }
  if (json['stream'] !== true) {
    const message = { role: 'assistant', content: text, ...calls }
    return {
      body: { ...base, object: 'chat.completion', choices: [{ index: 0, finish_reason, message }], usage: total },
    }
  }
  const chunk = (delta: object, finish: string | null): object => ({
    ...base,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason: finish }],
  })
  const events = [
    chunk({ role: 'assistant', content: '' }, null),
    ...text.split(/(?<= )/).map((word) => chunk({ content: word }, null)),
    ...(call === null ? [] : callDeltas(call).map((delta) => chunk(delta, null))),
    chunk({}, finish_reason),
  ]
  const options = json['stream_options']
  if (isObject(options) && options['include_usage'] === true)
    events.push({ ...base, object: 'chat.completion.chunk', choices: [], usage: total })
  return { events: events.map((event) => JSON.stringify(event)) }
}

/** The arguments in pieces, as engines write them. */
function callDeltas(call: NonNullable<Answer['call']>): object[] {
  const pieces = call.arguments.match(/[^]{1,9}/g) ?? []
  const first = { index: 0, id: 'call_1', type: 'function', function: { name: call.name, arguments: '' } }
  return [
    { tool_calls: [first] },
    ...pieces.map((piece) => ({ tool_calls: [{ index: 0, function: { arguments: piece } }] })),
  ]
}
