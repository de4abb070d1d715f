/** What every event of a stream has beside its choices. */
import type { GatewayRequest } from '../../core/types.ts'
import type { AnswerState } from '../answer-state.ts'

export interface ChunkHead {
  readonly id: string
  readonly object: 'text_completion' | 'chat.completion.chunk'
  /** Epoch seconds. */
  readonly created: number
  readonly model: string
}

/** As the engine names it, else after the request. `state` null: no answer has begun. `nowMs`: epoch, for engines that name no time. */
export const chunkHead = (request: GatewayRequest, state: AnswerState | null, nowMs: number): ChunkHead => ({
  id: state?.id ?? request.id,
  object: request.endpoint.id === 'completions' ? 'text_completion' : 'chat.completion.chunk',
  created: state?.created ?? Math.floor(nowMs / 1000),
  model: state?.model ?? request.model,
})
