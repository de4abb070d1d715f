/** The bytes of requests: everything but their numbers is made before they are due. */
import type { Job } from './job.ts'
import { Numbered } from './numbered.ts'
import { requestBody, variantOf } from './payload.ts'

/** Gives the request of a number. */
export function requestsOf({ load: { ask }, model, port, token }: Job): (number: number) => Buffer {
  const made = new Map<number, Numbered>()
  return (number) => {
    const variant = variantOf(ask.prompt, number)
    let request = made.get(variant)
    if (request === undefined) {
      const body = requestBody(ask, model, variant)
      const head = [
        'POST /v1/chat/completions HTTP/1.1',
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
