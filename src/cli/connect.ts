/** `turnout connect [AGENT]`: how to point an agent at this gateway, and with --test whether the gateway answers in each API that agents speak. */
import { didYouMean } from '../core/did-you-mean.ts'
import { AGENTS } from './agents.ts'
import { keyOf } from './ask-running.ts'
import { type CallOf, UsageError } from './command.ts'
import { agentsNamed, probedText, setupText } from './connect-text.ts'
import { findGateway, type FoundGateway } from './find-gateway.ts'
import type { Io } from './io.ts'
import { probeGateway } from './probe-gateway.ts'
import { Refused } from './refused.ts'
import type { CONNECT } from './rows/decide.ts'

/** An engine that loads its model first takes so long. */
const LIMIT_MS = 120_000

/** Exit code 0: printed, and all that was asked for works; 1: not so; 2: wrong usage. */
export async function connect({ flags: values, args }: CallOf<typeof CONNECT>, io: Io): Promise<number> {
  const asked = args.agent
  const agents = asked === undefined ? AGENTS : agentsNamed(asked)
  if (agents.length === 0)
    throw new UsageError(
      `there is no agent "${asked}"${didYouMean(
        asked ?? '',
        AGENTS.map(({ id }) => id),
        '"',
      )}`,
    )
  if (values.test && asked !== undefined) throw new UsageError('--test asks in every API: leave out the agent')
  if (values.model !== undefined && !MODEL.test(values.model))
    throw new UsageError('--model: a name has no spaces and no quotes')
  const gateway = await findGateway(values, io)
  if (values.test) return await test(gateway, values.model ?? 'auto', keyOf(values, io), io)
  if (gateway.silent !== null)
    io.stderr.write(`${gateway.url} does not answer now (${gateway.silent}); \`turnout serve\` starts it\n\n`)
  const aim = { url: gateway.url, keyed: gateway.keyed, model: values.model ?? null }
  io.stdout.write(agents.map((agent) => setupText(agent, aim)).join('\n'))
  if (gateway.keyed) io.stdout.write(`\n${KEY}`)
  return 0
}

/** It is written into files and commands of a shell as it is. */
const MODEL = /^[\w./:@-]+$/

const KEY = 'TURNOUT_KEY is a key of this gateway; `turnout key create --id ID` makes one.\n'

async function test(
  { url, keyed, silent }: FoundGateway,
  model: string,
  key: string | undefined,
  io: Io,
): Promise<number> {
  if (silent !== null) throw new Refused(`${url} does not answer (${silent}); \`turnout serve\` starts it`)
  if (keyed && key === undefined) throw new Refused(`${url} asks for a key: pass --key, or set TURNOUT_KEY`)
  io.stdout.write(`${url}, model ${model}\n\n`)
  const rows = await probeGateway({ url, model, key, limitMs: LIMIT_MS })
  io.stdout.write(probedText(rows))
  return rows.every(({ whole, streamed }) => whole.fault === null && streamed.fault === null) ? 0 : 1
}
