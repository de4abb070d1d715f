/** A decision about a request: of the gateway that runs, else of one within this process. */
import type { ShownDecision } from '../observe/explain/shape.ts'
import { askDecision } from './ask-gateway.ts'
import { askRunning, keyOf, type WhoAsks } from './ask-running.ts'
import { NOT_SAID, type Whose } from './whose.ts'
import type { Io } from './io.ts'

/** Throws a ConfigError, or a Refused, also where there is nothing to decide about. */
export async function decide(raw: Buffer, who: WhoAsks, io: Io, whose: Whose = NOT_SAID): Promise<ShownDecision> {
  const told = await askRunning(who, io, (asked) => askDecision(raw, asked, whose))
  if (told !== null) return told
  // A gateway is loaded only where one is needed.
  const { decideHere } = await import('./decide-here.ts')
  return await decideHere(raw, { config: who.config, key: keyOf(who, io), forced: who.key !== undefined, whose }, io)
}
