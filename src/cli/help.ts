/** `turnout help`: the list of commands, or the help of one. */
import { type CallOf, type Group, type Section, UsageError } from './command.ts'
import { type Entry, findCommand, noVerb } from './find-command.ts'
import { allHelp, commandHelp, groupHelp } from './help-text.ts'
import type { Io } from './io.ts'
import type { HELP } from './rows/run.ts'

export const helpOn =
  (sections: readonly Section[]) =>
  async ({ args: { command, verb } }: CallOf<typeof HELP>, io: Io): Promise<number> => {
    const entries = sections.flatMap(({ entries }) => entries)
    const words = [command, verb].filter((word) => word !== undefined)
    if (words.length === 0) io.stdout.write(allHelp(sections))
    else {
      const { entry, group, rest } = findCommand(entries, words)
      if (rest.length > 0)
        throw 'commands' in entry ? noVerb(entry, rest) : new UsageError(`"${rest[0] ?? ''}" is one word too many`)
      io.stdout.write(await helpOf(entry, group))
    }
    return 0
  }

/** What its row says, and those of its flags that are loaded late; of what a group does alone, also what else the group does. */
export async function helpOf(entry: Entry, group: Group | null): Promise<string> {
  if ('commands' in entry) return groupHelp(entry)
  const others = group?.name === entry.name ? group.commands.filter((command) => command !== entry) : []
  return commandHelp(entry, { ...entry.flags, ...(await entry.moreFlags?.()) }, others)
}
