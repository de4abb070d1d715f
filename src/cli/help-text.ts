/** What `turnout help` and `turnout COMMAND --help` print, from the table. Within 80 columns. Pure. */
import { VERSION } from '../version.ts'
import type { Command, Example, FlagRow, Flags, Group, Row, Section } from './command.ts'
import { flagText, usageParts, valueText } from './row-text.ts'
import { wrapped } from '../core/wrapped.ts'

export const WIDTH = 80
/** Where the text beside names begins, at most. */
const WIDEST = 26

export const allHelp = (sections: readonly Section[]): string =>
  `turnout ${VERSION}: one OpenAI-compatible endpoint for engines and clouds

usage: turnout COMMAND ..., and \`turnout COMMAND --help\` for its flags

${sections.map(sectionText(widthOf(sections.flatMap(({ entries }) => entries.map(({ name }) => name))))).join('\n')}`

const sectionText =
  (width: number) =>
  ({ title, entries }: Section): string =>
    `${title}:\n${entries.map(({ name, summary }) => pair(name, summary, width)).join('')}`

export const groupHelp = (group: Group): string => `turnout ${group.name}: ${group.summary}\n\n${groupUsage(group)}`

export function groupUsage({ name, commands }: Group): string {
  const examples = commands.flatMap(({ examples }) => examples.slice(0, 1)).slice(0, 3)
  return `usage:\n${summaries(commands)}\n\`turnout ${name} COMMAND --help\` says more\n\nexamples:\n${examplesText(examples)}`
}

const summaries = (commands: readonly Command[]): string =>
  pairs(commands.map((command) => [firstWords(command), command.summary]))

/** Its name and what it cannot do without. */
const firstWords = (command: Command): string =>
  [`turnout ${command.name}`, ...usageParts(command).filter((part) => !part.startsWith('['))].join(' ')

/** `flags`: also those that are loaded late. `others`: commands whose names begin with its own. */
export function commandHelp(row: Row, flags: Flags, others: readonly Command[]): string {
  const args = Object.values(row.args).map((arg): [string, string] => [valueText(arg), arg.doc])
  const lines = Object.entries(flags).map(([name, flag]): [string, string] => [shortAndLong(name, flag), docOf(flag)])
  return [
    wrapped(`turnout ${row.name}: ${row.summary}`, WIDTH),
    usageText(row),
    ...(row.about ?? []).map((paragraph) => wrapped(paragraph, WIDTH)),
    pairs([...args, ...lines, ['-h, --help', 'print this']]),
    `examples:\n${examplesText(row.examples)}`,
    ...(others.length === 0 ? [] : [`also:\n${summaries(others)}`]),
  ].join('\n')
}

/** `usage: turnout ledger [--since TIME] ..`, broken between its parts. */
export function usageText(row: Row): string {
  const start = `usage: turnout ${row.name}`
  const indent = ' '.repeat(Math.min(start.length + 1, WIDEST))
  let [line, all] = [start, '']
  for (const part of usageParts(row)) {
    if (line.length + 1 + part.length > WIDTH) {
      all += `${line}\n`
      line = indent.slice(1)
    }
    line += ` ${part}`
  }
  return `${all}${line}\n`
}

const shortAndLong = (name: string, flag: FlagRow): string =>
  `${flag.short === undefined ? '' : `-${flag.short}, `}${flagText(name, flag)}`

const docOf = ({ doc, fallback }: FlagRow): string => (fallback === undefined ? doc : `${doc} (${fallback})`)

const examplesText = (examples: readonly Example[]): string =>
  examples.map(({ line, does }) => `  ${line}\n${indented(does, 6)}`).join('')

const widthOf = (names: readonly string[]): number =>
  Math.min(WIDEST, 4 + Math.max(...names.map(({ length }) => length)))

const pairs = (lines: readonly (readonly [name: string, text: string])[]): string =>
  lines.map(([name, text]) => pair(name, text, widthOf(lines.map(([name]) => name)))).join('')

/** A name too wide for its column has its text on the next line. */
function pair(name: string, text: string, width: number): string {
  const block = indented(text, width)
  return name.length + 4 > width ? `  ${name}\n${block}` : `  ${name}`.padEnd(width) + block.slice(width)
}

const indented = (text: string, by: number): string =>
  wrapped(text, WIDTH - by)
    .replace(/^/gm, ' '.repeat(by))
    .trimEnd() + '\n'
