/** The parsed file against the schema. Texts that came from variables become numbers where the schema wants numbers. */
import type { z } from 'zod'
import { valueAt } from './file-path.ts'
import { zodMessages, leavesOf } from './zod-messages.ts'
import { type Interpolation, isReference, scalarOf } from './interpolate.ts'
import type { Issue } from './issues.ts'
import { respelled } from './old-spellings.ts'
import { type ConfigFile, fileSchema } from './schema.ts'

export interface FileShape {
  /** Null where something is wrong with the shape. */
  readonly file: ConfigFile | null
  /** What was judged, variables put in: right in parts where `file` is null. */
  readonly filled: unknown
  readonly issues: readonly Issue[]
}

/** `kinds`: of backends, for messages. References that cannot be resolved are told to the interpolation. */
export function fileShapeOf(written: unknown, interpolation: Interpolation, kinds: readonly string[]): FileShape {
  // A variable may still hold a value of before.
  const filled = respelled(interpolation.replace(written), () => undefined)
  let parsed = fileSchema.safeParse(filled)
  if (convert(parsed.error?.issues ?? [], written, filled)) parsed = fileSchema.safeParse(filled)
  const reading = { written, filled, kinds }
  return {
    file: parsed.data ?? null,
    filled,
    issues: zodMessages(parsed.error?.issues ?? [], reading),
  }
}

const SCALARS: Readonly<Record<string, 'number' | 'boolean'>> = { number: 'number', int: 'number', boolean: 'boolean' }

/** Writes into `filled`; true where it did. A text field never has such an issue, so a key of digits stays a text. */
function convert(issues: readonly z.core.$ZodIssue[], written: unknown, filled: unknown): boolean {
  let changed = false
  for (const issue of issues.flatMap(leavesOf)) {
    const wanted = issue.code === 'invalid_type' ? SCALARS[issue.expected] : undefined
    const text = valueAt(filled, issue.path)
    if (wanted === undefined || typeof text !== 'string' || !isReference(valueAt(written, issue.path))) continue
    const scalar = scalarOf(text)
    if (typeof scalar !== wanted) continue
    const last = issue.path.at(-1)!
    const holder = valueAt(filled, issue.path.slice(0, -1)) as Record<PropertyKey, unknown>
    holder[last] = scalar
    changed = true
  }
  return changed
}
