import type { Fleet } from '../backends/fleet/fleet.ts'
import type { TokenCounts } from '../backends/fleet/token-counts.ts'
import type { Deployment } from '../core/types.ts'
import type { Tails } from '../decision/learn/tails.ts'
import type { Formats } from '../formats/formats.ts'
import type { CallTools } from './call.ts'
import type { Prefills } from './prefills.ts'

/** The parts of the gateway that calls are made with. */
export interface DispatchTools extends CallTools {
  readonly formats: Formats
  /** Absent: prompts near the limit go by their estimates. */
  readonly counts?: Pick<TokenCounts, 'of'>
  /** Absent: who answers a prompt reads it. */
  readonly prefills?: Pick<Prefills, 'of'>
  /** Absent: no answer is limited by what was learnt. */
  readonly tails?: Pick<Tails, 'of'>
  readonly fleet: Pick<Fleet, 'gateOf' | 'seatOf' | 'begin' | 'began' | 'end' | 'adapted'> & {
    refusesUsage(deployment: Deployment): void
  }
}
