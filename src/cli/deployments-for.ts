/** The models that can be asked: as the gateway that runs says, else as a configuration or a look around leads to. */
import { isTold } from '../core/backend-state.ts'
import type { ShownDeployment } from '../http/shown-deployment.ts'
import { askDeployments } from './ask-gateway.ts'
import { askRunning, type WhoAsks } from './ask-running.ts'
import type { Io } from './io.ts'

export interface FoundDeployments {
  readonly all: readonly ShownDeployment[]
  /** A sentence for each backend that could not be asked, as far as it is known. */
  readonly away: readonly string[]
}

export async function deploymentsFor(who: WhoAsks, io: Io): Promise<FoundDeployments> {
  const told = await askRunning(who, io, askDeployments)
  if (told !== null) return { all: told, away: told.length > 0 ? [] : ['GET /health of the gateway says why'] }
  const [{ onGatewayHere }, { shownDeployment }] = [
    await import('./here.ts'),
    await import('../http/shown-deployment.ts'),
  ]
  return await onGatewayHere(who.config, io, ({ fleet }) => ({
    all: fleet.catalog.all.map((one) => shownDeployment(one, fleet.now)),
    away: fleet
      .states()
      .flatMap(({ name, state, reason }) =>
        !isTold(state) ? [] : [`${name} is ${state}${reason === null ? '' : `: ${reason}`}`],
      ),
  }))
}
