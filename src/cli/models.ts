/** `turnout models`: what can be asked now, of the gateway that runs, else of what a configuration or a look around leads to. */
import { ConfigError } from '../config/issues.ts'
import type { ShownDeployment } from '../http/shown-deployment.ts'
import { askDeployments } from './ask-gateway.ts'
import { askRunning, type WhoAsks } from './ask-running.ts'
import { columnsOf } from './columns-of.ts'
import type { CallOf } from './command.ts'
import { NoGateway } from './find-gateway.ts'
import type { Io } from './io.ts'
import { modelTable } from './model-table.ts'
import { Refused } from './refused.ts'
import type { MODELS } from './rows/decide.ts'

const WIDEST = 120

/** Exit code 0: there are some, 1: none, or it cannot be told. */
export async function models({ flags, args: { part } }: CallOf<typeof MODELS>, io: Io): Promise<number> {
  try {
    const all = await deploymentsFor(flags, io)
    const found = part === undefined ? all : all.filter(named(part.toLowerCase()))
    if (flags.json) io.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
    else if (found.length > 0) io.stdout.write(modelTable(found, columnsOf(io.stdout, WIDEST)))
    else
      io.stderr.write(
        `turnout models: ${all.length === 0 ? 'there are none' : `none of ${all.length} has "${part}" in its name`}\n`,
      )
    return found.length > 0 ? 0 : 1
  } catch (thrown) {
    if (!(thrown instanceof ConfigError || thrown instanceof Refused || thrown instanceof NoGateway)) throw thrown
    io.stderr.write(`turnout models: ${thrown.message}\n`)
    return 1
  }
}

async function deploymentsFor(who: WhoAsks, io: Io): Promise<readonly ShownDeployment[]> {
  const told = await askRunning(who, io, askDeployments)
  if (told !== null) return told
  const [{ onGatewayHere }, { shownDeployment }] = [
    await import('./here.ts'),
    await import('../http/shown-deployment.ts'),
  ]
  return await onGatewayHere(who.config, io, ({ fleet }) => fleet.catalog.all.map(shownDeployment))
}

const named =
  (part: string) =>
  ({ id, aliases }: ShownDeployment): boolean =>
    [id, ...aliases].some((name) => name.toLowerCase().includes(part))
