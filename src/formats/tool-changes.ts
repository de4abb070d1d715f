/** What an engine refuses in the tools of a request, in whatever format it is asked, and the tools without it. Pure. */
import type { Member } from '../core/types.ts'
import { NO_LARGE_BOUNDS, refusesBounds, withoutLargeBounds } from './tool-bounds.ts'
import { NO_TOOL_NULLS, refusesNulls, toolsText, withoutNulls } from './tool-nulls.ts'

export type ToolChange = typeof NO_LARGE_BOUNDS | typeof NO_TOOL_NULLS

/** The change that may help against a refusal with this message; null: it is about something else. */
export const toolChangeFor = (message: string): ToolChange | null =>
  refusesBounds(message) ? NO_LARGE_BOUNDS : refusesNulls(message) ? NO_TOOL_NULLS : null

/** The value of `tools` of a body after the changes; null: as it is. */
export function toolsAfter(changes: readonly string[], raw: Buffer, list: readonly Member[]): string | null {
  const bounded = changes.includes(NO_LARGE_BOUNDS) ? withoutLargeBounds(raw, list) : null
  const given = changes.includes(NO_TOOL_NULLS) ? (bounded ?? toolsText(raw, list)) : null
  return given === null ? bounded : withoutNulls(given)
}
