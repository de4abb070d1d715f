/** `turnout models`: what can be asked now, of the gateway that runs, else of what a configuration or a look around leads to. */
import type { ShownDeployment } from '../http/shown-deployment.ts'
import { wrapped } from '../core/wrapped.ts'
import { beliefTable } from './belief-table.ts'
import { columnsOf } from './columns-of.ts'
import type { CallOf } from './command.ts'
import { deploymentsFor } from './deployments-for.ts'
import type { Io } from './io.ts'
import { modelTable } from './model-table.ts'
import type { MODELS } from './rows/models.ts'

const WIDEST = 120

/** Exit code 0: there are some, 1: none, or it cannot be told. */
export async function models({ flags, args: { part } }: CallOf<typeof MODELS>, io: Io): Promise<number> {
  const { all, away } = await deploymentsFor(flags, io)
  const found = part === undefined ? all : all.filter(named(part.toLowerCase()))
  if (flags.json) io.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
  else if (found.length > 0)
    io.stdout.write((flags.why ? beliefTable : modelTable)(found, columnsOf(io.stdout, WIDEST)))
  else
    io.stderr.write(
      `turnout models: ${all.length === 0 ? noneText(away) : `none of ${all.length} has "${part}" in its name`}\n`,
    )
  return found.length > 0 ? 0 : 1
}

const noneText = (away: readonly string[]): string =>
  away.length > 0
    ? `there are none\n${away.map((text) => wrapped(text, 80)).join('')}`.trimEnd()
    : 'there are none: start an engine, set a cloud key, or name backends\nin turnout.yaml (`turnout init` writes one)'

const named =
  (part: string) =>
  ({ id, aliases }: ShownDeployment): boolean =>
    [id, ...aliases].some((name) => name.toLowerCase().includes(part))
