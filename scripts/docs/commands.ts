/** The page of the command line: the table of commands, and what each of them says of itself. */
import type { Command, Group } from '../../src/cli/command.ts'
import { COMMANDS, SECTIONS } from '../../src/cli/commands.ts'
import { aloneOf } from '../../src/cli/find-command.ts'
import { helpOf } from '../../src/cli/help.ts'
import type { Table } from './tables.ts'

const anchor = (name: string): string => `#turnout-${name.replaceAll(' ', '-')}`

export const commandsTable = (): Table => ({
  head: ['to', 'command', 'which does'],
  rows: SECTIONS.flatMap(({ title, entries }) =>
    entries.map(({ name, summary }, index) => [
      index === 0 ? title : '',
      `[\`turnout ${name}\`](${anchor(name)})`,
      summary,
    ]),
  ),
})

const fenced = async ([entry, group]: readonly [Command | Group, Group | null]): Promise<string> =>
  `## turnout ${entry.name}\n\n\`\`\`text\n${await helpOf(entry, group)}\`\`\`\n`

const helps = await Promise.all(
  COMMANDS.flatMap((entry): readonly (readonly [Command | Group, Group | null])[] => {
    if (!('commands' in entry)) return [[entry, null]]
    const commands = entry.commands.map((command) => [command, entry] as const)
    return aloneOf(entry) === undefined ? [[entry, null], ...commands] : commands
  }).map(fenced),
)

export const commandHelps = (): string => helps.join('\n')
