/** A decision without a running gateway: the backends are looked at once, and nothing listens. */
import { hash, randomUUID } from 'node:crypto'
import type { App } from '../app.ts'
import { decisionRecordOf } from '../core/decision-rows.ts'
import { GatewayError } from '../core/errors.ts'
import { openAIError } from '../formats/error-body.ts'
import { ANONYMOUS, type Principal } from '../core/principal.ts'
import type { Config } from '../core/settings.ts'
import { SEE_HEALTH } from '../decision/route/see-health.ts'
import { gatewayRequest } from '../http/gateway-request.ts'
import type { ShownDecision } from '../observe/explain/shape.ts'
import { endpointOf, pathOf } from '../formats/endpoint-of.ts'
import { Refused } from './refused.ts'
import { onGatewayHere } from './here.ts'
import type { Io } from './io.ts'
import type { Whose } from './whose.ts'

export interface HereOptions {
  readonly config: string | undefined
  readonly key: string | undefined
  /** The key was given for this call: it must be one of the configuration. */
  readonly forced: boolean
  readonly whose: Whose
}

/** Throws a ConfigError, or a Refused, also where there is nothing to decide about. */
export async function decideHere(raw: Buffer, options: HereOptions, io: Io): Promise<ShownDecision> {
  const { config, key, forced, whose } = options
  try {
    return await onGatewayHere(config, io, (app, config) =>
      decisionOf(raw, whose, app, principalFor(config, key, forced)),
    )
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown
    throw new Refused(`${thrown.code}: ${unserved(thrown.message)}`)
  }
}

function decisionOf(raw: Buffer, { endpoint: asked, model }: Whose, app: App, principal: Principal): ShownDecision {
  const endpoint = endpointOf(raw, asked)
  const caller = { id: randomUUID(), url: pathOf(endpoint, raw, model), raw, headers: {}, principal }
  const { decision, refusal } = app.dryRun(gatewayRequest(endpoint, caller, performance.now()))
  const record = decisionRecordOf(decision)
  if (refusal === null) return record
  const { error } = openAIError(refusal)
  return { ...record, error: { ...error, message: unserved(error.message) } }
}

/** Nothing listens that could be asked for its health. */
const unserved = (message: string): string => message.replaceAll(SEE_HEALTH, '`turnout models`')

/** Without a key: somebody whom no key binds. */
function principalFor({ keys }: Config, key: string | undefined, forced: boolean): Principal {
  const hex = key === undefined ? null : hash('sha256', key, 'hex')
  const known = keys.find((one) => one.hash === hex)
  if (known === undefined && forced) throw new Refused('--key: the configuration has no such key')
  return known ?? ANONYMOUS
}
