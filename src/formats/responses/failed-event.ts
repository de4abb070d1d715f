/** The end of a stream that breaks off. Pure. */
import { isObject } from '../../core/is-object.ts'
import { encodeEvent } from '../sse.ts'

export interface Failure {
  readonly code: string
  readonly message: string
  readonly param: string | null
}

/** What the body of an error answer says. */
export function failureIn(body: object): Failure {
  const error = 'error' in body && isObject(body.error) ? body.error : {}
  const { code, message, param } = error as Partial<Record<keyof Failure, unknown>>
  return {
    code: typeof code === 'string' ? code : 'server_error',
    message: typeof message === 'string' ? message : '',
    param: typeof param === 'string' ? param : null,
  }
}

/** `response`: how the answer stood. `number`: of the event. `body`: that of an error answer. */
export function failedEvent(response: object, number: number, body: object): Buffer {
  const { code, message } = failureIn(body)
  const failed = { ...response, status: 'failed', error: { code, message } }
  const record = 'turnout' in body ? { turnout: body.turnout } : {}
  const event = { type: 'response.failed', sequence_number: number, response: failed, ...record }
  return encodeEvent(JSON.stringify(event), 'response.failed')
}

/** Where nothing of an answer was sent. Clients throw what is in `error`. */
export function errorEvent(body: object): Buffer {
  const failure = failureIn(body)
  const event = { type: 'error', ...failure, sequence_number: 0, ...body }
  return encodeEvent(JSON.stringify(event), 'error')
}
