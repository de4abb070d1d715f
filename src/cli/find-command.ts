/** Words -> the entry of the table that they begin with. Pure. */
import { didYouMean, nearestWord } from '../core/did-you-mean.ts'
import { type Command, type Group, UsageError } from './command.ts'

export type Entry = Command | Group

export interface Found {
  /** A group where its second word is missing, or none of its own, and it does nothing alone. */
  readonly entry: Entry
  /** The one that it is of. */
  readonly group: Group | null
  /** The words behind its name. */
  readonly rest: readonly string[]
}

/** Throws a UsageError that says what was meant. */
export function findCommand(entries: readonly Entry[], [word = '', ...rest]: readonly string[]): Found {
  const entry = entries.find(({ name }) => name === word)
  if (entry === undefined) throw new UsageError(noCommand(word, entries))
  if (!('commands' in entry)) return { entry, group: null, rest }
  const command = entry.commands.find(({ name }) => name === `${word} ${rest[0] ?? ''}`)
  if (command !== undefined) return { entry: command, group: entry, rest: rest.slice(1) }
  const own = aloneOf(entry)
  // Two words, of which the first is nearly one of its commands.
  if (own !== undefined && rest[1]?.startsWith('-') === false && nearestWord(rest[0] ?? '', verbsOf(entry)) !== null)
    throw noVerb(entry, rest)
  return { entry: own ?? entry, group: entry, rest }
}

/** What a group does without a second word. */
export const aloneOf = ({ name, commands }: Group): Command | undefined =>
  commands.find((command) => command.name === name)

/** Its second words. */
export const verbsOf = ({ name, commands }: Group): string[] =>
  commands.flatMap((command) => (command.name === name ? [] : [command.name.slice(name.length + 1)]))

function noCommand(word: string, entries: readonly Entry[]): string {
  if (word.startsWith('-')) return `flags stand behind a command, as in \`turnout serve --port 8080\`: ${word}`
  const guessed = entries.find((entry) => ('commands' in entry ? aloneOf(entry) : entry)?.guesses?.includes(word))?.name
  const near = guessed ?? nearestWord(word, entries.map(({ name }) => name)) // prettier-ignore
  return `there is no command "${word}"${near === null ? '' : `; did you mean "${near}"?`}`
}

/** `words`: what stands behind the name of a group in the place of one of its commands. */
export function noVerb(group: Group, [verb]: readonly string[]): UsageError {
  if (verb === undefined) return new UsageError('say what to do')
  return new UsageError(`there is no "${group.name} ${verb}"${didYouMean(verb, verbsOf(group), '"')}`)
}
