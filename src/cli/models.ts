/** `turnout models`: what can be asked now, of the gateway that runs, else of what a configuration or a look around leads to. */
import type { ShownDeployment } from '../http/shown-deployment.ts'
import { isTold } from '../core/backend-state.ts'
import { askDeployments } from './ask-gateway.ts'
import { wrapped } from '../core/wrapped.ts'
import { askRunning, type WhoAsks } from './ask-running.ts'
import { columnsOf } from './columns-of.ts'
import type { CallOf } from './command.ts'
import type { Io } from './io.ts'
import { modelTable } from './model-table.ts'
import type { MODELS } from './rows/decide.ts'

const WIDEST = 120

/** Exit code 0: there are some, 1: none, or it cannot be told. */
export async function models({ flags, args: { part } }: CallOf<typeof MODELS>, io: Io): Promise<number> {
  const { all, away } = await deploymentsFor(flags, io)
  const found = part === undefined ? all : all.filter(named(part.toLowerCase()))
  if (flags.json) io.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
  else if (found.length > 0) io.stdout.write(modelTable(found, columnsOf(io.stdout, WIDEST)))
  else
    io.stderr.write(
      `turnout models: ${all.length === 0 ? noneText(away) : `none of ${all.length} has "${part}" in its name`}\n`,
    )
  return found.length > 0 ? 0 : 1
}

interface Found {
  readonly all: readonly ShownDeployment[]
  /** A sentence for each backend that could not be asked, as far as it is known. */
  readonly away: readonly string[]
}

const noneText = (away: readonly string[]): string =>
  away.length > 0
    ? `there are none\n${away.map((text) => wrapped(text, 80)).join('')}`.trimEnd()
    : 'there are none: start an engine, set a cloud key, or name backends\nin turnout.yaml (`turnout init` writes one)'

async function deploymentsFor(who: WhoAsks, io: Io): Promise<Found> {
  const told = await askRunning(who, io, askDeployments)
  if (told !== null) return { all: told, away: told.length > 0 ? [] : ['GET /health of the gateway says why'] }
  const [{ onGatewayHere }, { shownDeployment }] = [
    await import('./here.ts'),
    await import('../http/shown-deployment.ts'),
  ]
  return await onGatewayHere(who.config, io, ({ fleet }) => ({
    all: fleet.catalog.all.map(shownDeployment),
    away: fleet
      .states()
      .flatMap(({ name, state, reason }) =>
        !isTold(state) ? [] : [`${name} is ${state}${reason === null ? '' : `: ${reason}`}`],
      ),
  }))
}

const named =
  (part: string) =>
  ({ id, aliases }: ShownDeployment): boolean =>
    [id, ...aliases].some((name) => name.toLowerCase().includes(part))
