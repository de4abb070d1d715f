/** The command line: a command of the table is found, its words are read, and it runs. */
import { UsageError } from './command.ts'
import { COMMANDS } from './commands.ts'
import { type Entry, findCommand, noVerb } from './find-command.ts'
import { helpOf } from './help.ts'
import { groupUsage, usageText, WIDTH } from './help-text.ts'
import type { Io } from './io.ts'
import { asksForHelp } from './parse-call.ts'
import { wrapped } from '../core/wrapped.ts'

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['--version', 'version'],
  ['-v', 'version'],
  ['-V', 'version'],
  ['--help', 'help'],
  ['-h', 'help'],
])

/** Exit code: what the command says, 0 done, 1 failed; 2 wrong usage. Whatever a command throws that it foresees is told here. */
export async function main([word = 'help', ...words]: readonly string[], io: Io): Promise<number> {
  let entry: Entry | null = null
  try {
    const found = findCommand(COMMANDS, [ALIASES.get(word) ?? word, ...words])
    entry = found.entry
    if (asksForHelp(found.rest)) {
      io.stdout.write(await helpOf(entry, found.group))
      return 0
    }
    if ('commands' in entry) throw noVerb(entry, found.rest)
    return await entry.run(found.rest, io)
  } catch (thrown) {
    if (thrown instanceof UsageError) {
      io.stderr.write(refusal(entry, thrown.message))
      return 2
    }
    const { failureText } = await import('./failure-text.ts')
    const told = failureText(entry?.name ?? word, thrown)
    if (told === null) throw thrown
    io.stderr.write(told)
    return 1
  }
}

/** `entry`: null where there is none of that name. */
function refusal(entry: Entry | null, why: string): string {
  if (entry === null) return `${wrapped(`turnout: ${why}`, WIDTH)}\`turnout help\` lists the commands\n`
  const { name } = entry
  const said = wrapped(`turnout ${name}: ${why}`, WIDTH)
  if ('commands' in entry) return `${said}\n${groupUsage(entry)}`
  return `${said}${usageText(entry)}\`turnout ${name} --help\` says more\n`
}
