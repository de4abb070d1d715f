import type { InBandError, Plan } from './fault-plan.ts'
import type { RecordedRequest } from './fault-record.ts'
import { answerEvents } from './openai-answers.ts'

/** A piece of a streamed body. `event` is false for comments and noise. */
export interface Frame {
  readonly bytes: Buffer
  readonly event: boolean
}

/** The body of a streamed answer under this plan, in order; [DONE] is an event. */
export function streamFrames(request: RecordedRequest, plan: Plan): Frame[] {
  const eol = plan.eol ?? '\n'
  const frames: Frame[] = []
  const push = (event: boolean, ...lines: string[]): void => {
    frames.push({ bytes: Buffer.from([...lines, '', ''].join(eol)), event })
  }
  const events = answerEvents(request, plan)
  const whole = events.length
  const { inBand, malformed } = plan
  if (inBand !== undefined) events.length = Math.min(whole, inBand.after)
  events.forEach((data, i) => {
    if (plan.comments) push(false, ': upstream comment')
    if (plan.noise) noise(i).forEach((lines) => push(false, ...lines))
    const text = malformed?.at === i ? broken(data, malformed.how) : data
    const lines = plan.manyLines ? JSON.stringify(JSON.parse(text), null, 1).split('\n') : [text]
    const id = plan.noise && i % 2 === 0 ? [`id: ${i}`] : []
    // Events of the Responses API have names.
    const name = /^\{"type":"([a-z_.]+)"/.exec(data)?.[1]
    const event = name === undefined ? [] : [`event: ${name}`]
    push(true, ...id, ...event, ...lines.map((line) => `data: ${line}`))
  })
  if (inBand !== undefined) push(true, ...inBandLines(inBand))
  if (plan.done !== false) push(true, 'data: [DONE]')
  return frames
}

function noise(i: number): string[][] {
  const kinds = [
    ['id: 7'],
    ['retry: 100'],
    ['event: ping'],
    ['data:'],
    ['event: message', 'id: 9', 'data: '],
    ['unknown: field'],
  ]
  return [kinds[i % kinds.length] ?? []]
}

function broken(data: string, how: 'text' | 'truncated'): string {
  return how === 'text' ? 'this is no JSON' : data.slice(0, Math.ceil(data.length / 2))
}

function inBandLines({
  form,
  message = 'injected in-band error',
  type = 'server_error',
  code = 500,
}: InBandError): string[] {
  const error = { message, type, param: null, code }
  if (form === 'object') return [`data: ${JSON.stringify({ error })}`]
  if (form === 'flat') return [`data: ${JSON.stringify({ object: 'error', ...error })}`]
  return ['event: error', `data: ${JSON.stringify(error)}`]
}

/** The body cut at the given offsets; empty pieces are left out. */
export function pieces(body: Buffer, split: readonly number[] | 'every'): Buffer[] {
  const cuts = split === 'every' ? Array.from({ length: body.length }, (_, i) => i) : [...split].sort((a, b) => a - b)
  const ends = [...cuts.filter((at) => at > 0 && at < body.length), body.length]
  return ends.map((end, i) => body.subarray(i === 0 ? 0 : (ends[i - 1] ?? 0), end)).filter((piece) => piece.length > 0)
}
