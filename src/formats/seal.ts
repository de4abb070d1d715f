/**
 * A seal in the place that another format has for its own (an Anthropic signature, the encrypted content of a reasoning item): it
 * names its maker there, so that it finds its way back to it and to nobody else. Pure.
 */
import { FORMAT_NAMES } from '../core/format-names.ts'
import type { Seal } from '../core/prompt.ts'

const PREFIX = 'turnout.'

/** `own`: the format that it is written in. */
export const writtenSeal = ({ maker, value }: Seal, own: string): string =>
  maker === own ? value : `${PREFIX}${maker}.${value}`

/** What `writtenSeal` wrote, or a seal of the format's own makers. */
export function readSeal(text: string, own: string, id: string | null = null): Seal {
  const maker = FORMAT_NAMES.find((name) => text.startsWith(`${PREFIX}${name}.`)) ?? null
  if (maker === null) return { maker: own, value: text, id }
  return { maker, value: text.slice(PREFIX.length + maker.length + 1), id }
}
