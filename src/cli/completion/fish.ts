/** Completion for fish, from 3.0 on. Pure. */
import { valued, written } from './arms.ts'
import type { Offer, Place, PlaceFlag } from './places.ts'

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
const list = (all: readonly string[]): string => all.map(quoted).join(' ')

export const fishScript = (
  places: readonly Place[],
): string => `# Completion of turnout for fish; \`turnout completion fish\` made it.

# The command, and how many of its words are there.
function __turnout_place
    set -l tokens (commandline -opc)
    set -e tokens[1]
    set -l place ''
    set -l count 0
    set -l value 0
    for word in $tokens
        if test $value = 1
            set value 0
            continue
        end
        switch "$place $word"
            case ${list(places.flatMap(({ command, next }) => next.map(({ name }) => `${command} ${name}`)))}
                set place (string trim "$place $word")
            case ${list(places.flatMap((place) => valued(place).flatMap((flag) => written(place, flag))))}
                set value 1
            case '* -*'
            case '*'
                set count (math $count + 1)
        end
    end
    echo "$place $count"
end

function __turnout_at
    test (__turnout_place) = $argv[1]
end

function __turnout_in
    string match -qr -- "^$argv[1] [0-9]+\\$" (__turnout_place)
end

complete -c turnout -f
${places.flatMap(linesOf).join('\n')}
`

function linesOf(place: Place): string[] {
  const { command, next, flags, args } = place
  const at = (count: number): string => `complete -c turnout -n ${quoted(`__turnout_at "${command} ${count}"`)}`
  return [
    ...next.map(({ name, doc }) => `${at(0)} -a ${name} -d ${quoted(doc)}`),
    ...args.flatMap((arg, count) => offered(arg).map((offer) => `${at(count)} ${offer}`)),
    ...flags.map((flag) => `complete -c turnout -n ${quoted(`__turnout_in "${command}"`)} ${flagText(flag)}`),
  ]
}

function flagText({ name, short, doc, value }: PlaceFlag): string {
  const named = `-l ${name}${short === null ? '' : ` -s ${short}`} -d ${quoted(doc)}`
  return value === null ? named : [named, value.path === 'file' ? '-r' : '-x', ...offered(value)].join(' ')
}

/** fish has no other way for folders alone than a function of its own. */
function offered({ words, path }: Offer): string[] {
  return [
    ...(words.length === 0 ? [] : [`-a ${quoted(words.join(' '))}`]),
    ...(path === 'file' ? ['-F'] : path === 'folder' ? ["-a '(__fish_complete_directories (commandline -ct))'"] : []),
  ]
}
