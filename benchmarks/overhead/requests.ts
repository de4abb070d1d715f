/** The bytes of requests: everything but their numbers is made before they are due. */
import { WRITE } from './dialects/bodies.ts'
import { talkOf, VARIANTS } from './dialects/talk.ts'
import type { Job } from './job.ts'
import { Numbered } from './numbered.ts'
import { type Ask, requestBody, variantOf } from './payload.ts'

/** Where it is asked, and with what. */
function spoken(ask: Ask, model: string, variant: number): { readonly path: string; readonly body: Buffer } {
  const { talk, stream } = ask
  if (talk === undefined) return { path: '/v1/chat/completions', body: requestBody(ask, model, variant) }
  const { path, body } = WRITE[talk.caller](talkOf(talk.kind, variant), model, stream)
  return { path, body: Buffer.from(JSON.stringify(body)) }
}

/** Gives the request of a number. */
export function requestsOf({ load: { ask }, model, port, token }: Job): (number: number) => Buffer {
  const made = new Map<number, Numbered>()
  return (number) => {
    const variant = ask.talk === undefined ? variantOf(ask.prompt, number) : number % VARIANTS
    let request = made.get(variant)
    if (request === undefined) {
      const { path, body } = spoken(ask, model, variant)
      const head = [
        `POST ${path} HTTP/1.1`,
        `host: 127.0.0.1:${port}`,
        `authorization: Bearer ${token}`,
        'content-type: application/json',
        `accept: ${ask.stream ? 'text/event-stream' : 'application/json'}`,
        'user-agent: overhead-bench',
        `content-length: ${body.length}`,
      ]
      made.set(variant, (request = new Numbered(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]))))
    }
    return Buffer.from(request.with(number))
  }
}
