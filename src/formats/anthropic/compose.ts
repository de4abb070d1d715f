/** The request as a backend that speaks Anthropic's API can take it. */
import type { JsonObject } from '../../core/json.ts'
import type { Deployment, GatewayRequest } from '../../core/types.ts'
import type { Steps } from '../../core/slices.ts'
import { ContentsPrompt } from '../contents-prompt.ts'
import type { Composing } from '../format.ts'
import { written } from './compose-contents.ts'
import { passed } from './compose-own.ts'
import { SPELLING } from './spelling.ts'

/** The caller's own bytes where the request came in this format, with no more changed than the backend is known to refuse. */
export function* compose(request: GatewayRequest, deployment: Deployment, how: Composing): Steps<readonly Buffer[]> {
  const { prompt } = request
  if (prompt instanceof ContentsPrompt && prompt.spelling === SPELLING)
    return yield* passed(request, prompt, deployment, how)
  const body: JsonObject = written(request, deployment, how)
  return [Buffer.from(JSON.stringify(body))]
}
