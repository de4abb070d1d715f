/** A decision about a request: of the gateway that runs, else of one within this process; and who it was, on standard error. */
import type { ShownDecision } from '../observe/explain/shape.ts'
import { askGateway } from './ask-gateway.ts'
import type { CallOf, Row } from './command.ts'
import { findGateway, NoGateway } from './find-gateway.ts'
import type { Io } from './io.ts'
import type { DECIDING } from './rows/decide.ts'

export type Deciding = CallOf<Row<typeof DECIDING>>['flags']

/** Throws a ConfigError, a GatewayError where there is nothing to decide about, or an ExplainError. */
export async function decide(raw: Buffer, flags: Deciding, io: Io): Promise<ShownDecision> {
  const key = flags.key ?? (io.env['TURNOUT_KEY'] || undefined)
  if (flags.url !== undefined) return await askGateway(raw, flags.url, key)
  const told = flags.config === undefined ? await askRunning(raw, key, io) : null
  if (told !== null) return told
  // A gateway is loaded only where one is needed.
  const { decideHere } = await import('./decide-here.ts')
  return await decideHere(raw, { config: flags.config, key, forced: flags.key !== undefined }, io)
}

/** Null after saying why it cannot be asked. */
async function askRunning(raw: Buffer, key: string | undefined, io: Io): Promise<ShownDecision | null> {
  try {
    const { url, keyed, silent } = await findGateway({}, io)
    if (silent !== null) throw new NoGateway(`no gateway answers at ${url} (${silent})`)
    if (keyed && key === undefined) throw new NoGateway(`the gateway at ${url} asks for a key (TURNOUT_KEY or --key)`)
    const decision = await askGateway(raw, url, key)
    io.stderr.write(`decided by the gateway at ${url}\n`)
    return decision
  } catch (thrown) {
    if (!(thrown instanceof NoGateway)) throw thrown
    io.stderr.write(`${thrown.message}, so this is decided here\n`)
    return null
  }
}
