/** The page of the command line: the table of commands, and what each of them says of itself. */
import type { Command, Group } from '../../src/cli/command.ts'
import { COMMANDS, SECTIONS } from '../../src/cli/commands.ts'
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

const fenced = async (entry: Command | Group): Promise<string> =>
  `## turnout ${entry.name}\n\n\`\`\`text\n${await helpOf(entry)}\`\`\`\n`

const helps = await Promise.all(
  COMMANDS.flatMap((entry) => ('commands' in entry ? [entry, ...entry.commands] : [entry])).map(fenced),
)

export const commandHelps = (): string => helps.join('\n')
