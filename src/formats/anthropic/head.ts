/** What a message says of itself before its content. Pure. */
import type { GatewayRequest } from '../../core/types.ts'
import type { AnswerState } from '../answer-state.ts'

export interface MessageHead {
  readonly id: string
  readonly type: 'message'
  readonly role: 'assistant'
  readonly model: string
}

/** The id is the engine's where it has this form, else made after the request. */
export const messageHead = (request: GatewayRequest, state: AnswerState): MessageHead => ({
  id: state.id?.startsWith(ID) === true ? state.id : ID + request.id.replace(/[^\w-]/g, ''),
  type: 'message',
  role: 'assistant',
  model: state.model ?? request.model,
})

const ID = 'msg_'
