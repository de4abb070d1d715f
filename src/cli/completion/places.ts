/** What may stand where on a command line, from the table of commands: what the scripts of all shells are written from. */
import type { ArgRow, Command, FlagRow, Group, Section } from '../command.ts'
import { aloneOf } from '../find-command.ts'
import { hasValue } from '../row-text.ts'

export interface Offer {
  readonly words: readonly string[]
  readonly path: 'file' | 'folder' | null
}

export interface Named {
  readonly name: string
  readonly doc: string
}

export interface PlaceFlag extends Named {
  readonly short: string | null
  /** Null: it takes no value. */
  readonly value: Offer | null
}

export interface Place {
  /** The words before: ``, `key`, `key create`. */
  readonly command: string
  /** Words that lead to another place. */
  readonly next: readonly Named[]
  readonly flags: readonly PlaceFlag[]
  /** What its words are, in their order. */
  readonly args: readonly Offer[]
}

export async function placesOf(sections: readonly Section[]): Promise<readonly Place[]> {
  const entries = sections.flatMap(({ entries }) => entries)
  const names = entries.map(({ name }) => name)
  const start = { command: '', next: entries.map(namedOf), flags: [HELP], args: [] }
  const places = await Promise.all(
    entries.map((entry) => ('commands' in entry ? ofGroup(entry, names) : ofCommand(entry, names))),
  )
  return [start, ...places.flat()]
}

const HELP: PlaceFlag = { name: 'help', short: 'h', doc: 'print what it takes', value: null }

async function ofGroup(group: Group, names: readonly string[]): Promise<Place[]> {
  const verbs = group.commands.filter(({ name }) => name !== group.name)
  const next = verbs.map(({ name, summary }) => ({ name: name.slice(group.name.length + 1), doc: summary }))
  const commands = await Promise.all(verbs.map((command) => ofCommand(command, names)))
  const own = aloneOf(group)
  const alone = own === undefined ? { flags: [HELP], args: [] } : await ofCommand(own, names)
  return [{ ...alone, command: group.name, next }, ...commands]
}

async function ofCommand(command: Command, names: readonly string[]): Promise<Place> {
  const flags = Object.entries<FlagRow>({ ...command.flags, ...(await command.moreFlags?.()) })
  return {
    command: command.name,
    next: [],
    flags: [...flags.map(([name, flag]) => flagOf(name, flag)), HELP],
    args: Object.values<ArgRow>(command.args).map((arg) => offerOf(arg, names)),
  }
}

const namedOf = ({ name, summary }: Command | Group): Named => ({ name, doc: summary })

const flagOf = (name: string, flag: FlagRow): PlaceFlag => ({
  name,
  short: flag.short ?? null,
  doc: flag.doc,
  value: hasValue(flag) ? offerOf(flag, []) : null,
})

const offerOf = ({ words, hints, path }: FlagRow | ArgRow, names: readonly string[]): Offer => ({
  words: hints === 'commands' ? names : (words ?? hints ?? []),
  path: path ?? null,
})
