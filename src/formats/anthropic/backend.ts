/** Backends that speak Anthropic's Messages: the cloud of their maker, and engines that took it over. */
import type { BackendSide } from '../format.ts'
import { readFault } from '../read-fault.ts'
import { NAMED_EVENTS } from '../sse.ts'
import { adaptationFor } from './adapt.ts'
import { MessageReader } from './answer-reader.ts'
import { compose } from './compose.ts'
import { TOKEN_COUNTER } from './token-counter.ts'

export const BACKEND: BackendSide = {
  framing: NAMED_EVENTS,
  compose,
  adaptation: adaptationFor,
  // It always tells.
  asksUsage: () => false,
  refusesUsage: () => false,
  reader: (request, how) => new MessageReader(request, how),
  readFault,
  counter: TOKEN_COUNTER,
}
