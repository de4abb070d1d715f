/** Words -> the entry of the table that they begin with. Pure. */
import { didYouMean, nearestWord } from '../core/did-you-mean.ts'
import { type Command, type Group, UsageError } from './command.ts'

export type Entry = Command | Group

export interface Found {
  /** A group where its second word is missing, or none of its own. */
  readonly entry: Entry
  /** The words behind its name. */
  readonly rest: readonly string[]
}

/** Throws a UsageError that says what was meant. */
export function findCommand(entries: readonly Entry[], [word = '', ...rest]: readonly string[]): Found {
  const entry = entries.find(({ name }) => name === word)
  if (entry === undefined) throw new UsageError(noCommand(word, entries))
  const command =
    'commands' in entry ? entry.commands.find(({ name }) => name === `${word} ${rest[0] ?? ''}`) : undefined
  return command === undefined ? { entry, rest } : { entry: command, rest: rest.slice(1) }
}

function noCommand(word: string, entries: readonly Entry[]): string {
  if (word.startsWith('-')) return `flags stand behind a command, as in \`turnout serve --port 8080\`: ${word}`
  const guessed = entries.find((entry) => 'guesses' in entry && entry.guesses?.includes(word))?.name
  const near = guessed ?? nearestWord(word, entries.map(({ name }) => name)) // prettier-ignore
  return `there is no command "${word}"${near === null ? '' : `; did you mean "${near}"?`}`
}

/** `words`: what stands behind the name of a group in the place of one of its commands. */
export function noVerb({ name, commands }: Group, [verb]: readonly string[]): UsageError {
  const verbs = commands.map((command) => command.name.slice(name.length + 1))
  if (verb === undefined) return new UsageError('say what to do')
  return new UsageError(`there is no "${name} ${verb}"${didYouMean(verb, verbs, '"')}`)
}
