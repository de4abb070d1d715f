/** Conversations as the requests that they take, told to `FollowUps` as they end. */
import type { Hint } from '../../src/core/hints.ts'
import type { Json, JsonObject } from '../../src/core/json.ts'
import type { Prompt } from '../../src/core/prompt.ts'
import { stepOf } from '../../src/accounting/step.ts'
import { FollowUps, type Turn } from '../../src/decision/learn/follow-ups.ts'
import { gatewayRequest } from './factories.ts'

export const user = (content: string): Json => ({ role: 'user', content })
export const answer = (content: string): Json => ({ role: 'assistant', content })

export interface Said {
  /** Of the answer that the request is about; null: it says nothing. */
  readonly hint: Hint | null
  readonly about: string | null
  readonly unremarked: readonly string[]
}

type Traits = Partial<Omit<Turn, 'prompt' | 'step' | 'startedAt' | 'endedAt'>> & {
  /** Since the answer before has ended, ms. */
  readonly after?: number
  /** Members of the body beside its messages. */
  readonly wishes?: JsonObject
}

/** Requests by one caller, one after the other, each of which takes a second. */
export class Talk {
  readonly followUps = new FollowUps()
  #now = 0
  #count = 0

  tell(messages: readonly Json[], { wishes = {}, ...traits }: Traits = {}): Said {
    return this.tellPrompt(gatewayRequest({ model: 'auto', messages, ...wishes }).prompt, traits)
  }

  tellPrompt(prompt: Prompt, { after = 10_000, ...traits }: Omit<Traits, 'wishes'> = {}): Said {
    const startedAt = this.#now + after
    this.#now = startedAt + 1_000
    const { hinted, unremarked } = this.followUps.follow({
      requestId: `r${++this.#count}`,
      caller: 'anybody',
      conversation: 'c-1',
      prompt,
      step: stepOf(prompt)?.step ?? 0,
      startedAt,
      endedAt: this.#now,
      repeated: false,
      useful: true,
      backend: 'up',
      model: 'small',
      named: false,
      usdPerMtok: 1,
      ...traits,
    })
    return { hint: hinted?.hint ?? null, about: hinted?.about ?? null, unremarked }
  }
}
