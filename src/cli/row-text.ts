/** How a flag, a word and a whole call are written in texts. */
import type { ArgRow, FlagRow, Flags, Row } from './command.ts'

export const hasValue = ({ takes, words }: FlagRow): boolean => takes !== undefined || words !== undefined

/** `FILE`, `jsonl|csv` */
export const valueText = ({ takes, words }: FlagRow | ArgRow): string => takes ?? words?.join('|') ?? ''

/** `--config FILE`, `--json` */
export const flagText = (name: string, flag: FlagRow): string => `--${name} ${valueText(flag)}`.trim()

/** The parts of `turnout ledger [--since TIME] ..` behind the name; none is to be broken. */
export function usageParts({ args, flags, moreFlags, either = [] }: Row): string[] {
  const words = Object.values<ArgRow>(args).map((arg) => optional(valueText(arg), arg.needed === true))
  const written = new Set<string>()
  const entries = Object.entries<FlagRow>(flags)
  const sorted = [...entries.filter(([, { needed }]) => needed), ...entries.filter(([, { needed }]) => !needed)]
  const texts = sorted.flatMap(([name, flag]) => {
    if (written.has(name)) return []
    const together = either.find(({ flags }) => flags.includes(name))?.flags ?? [name]
    const shown = together.filter((one) => !written.has(one))
    for (const one of shown) written.add(one)
    return [optional(shown.map((one) => textIn(flags, one)).join(' | '), flag.needed === true)]
  })
  return [...words, ...(moreFlags === undefined ? texts : [...texts, '[options]'])]
}

const textIn = (flags: Flags, name: string): string => flagText(name, flags[name] ?? { doc: '' })

const optional = (text: string, needed: boolean): string => (needed ? text : `[${text}]`)
