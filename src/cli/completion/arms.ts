/** The lines of `case` by which bash and zsh find out what may stand somewhere; both read them alike. Pure. */
import type { Named, Offer, Place, PlaceFlag } from './places.ts'

/** How a shell offers something: one command each. */
export interface Shell {
  readonly words: (words: readonly string[]) => string
  readonly named: (named: readonly Named[]) => string
  readonly path: (path: 'file' | 'folder') => string
}

/** `$place $word` of a word before: whether it leads on, or is a flag whose value comes next. */
export const leadingOn = (places: readonly Place[]): string =>
  patterns(places.flatMap(({ command, next }) => next.map(({ name }) => `${command} ${name}`)))

export const withValue = (places: readonly Place[]): string =>
  patterns(places.flatMap((place) => valued(place).flatMap((flag) => written(place, flag))))

/** `$place $before`: what a value may be, where the word before is a flag that takes one. */
export function valueArms(places: readonly Place[], shell: Shell): string[] {
  const acts = new Map<string, string[]>()
  for (const place of places)
    for (const flag of valued(place)) {
      const act = [...offered(flag.value, shell), 'return'].join('; ')
      acts.set(act, [...(acts.get(act) ?? []), ...written(place, flag)])
    }
  return [...acts].map(([act, all]) => `${patterns(all)}) ${act} ;;`)
}

/** `$place`: its flags. */
export const flagArms = (places: readonly Place[], shell: Shell): string[] =>
  places.map(({ command, flags }) => {
    const all = flags.map(({ name, doc }) => ({ name: `--${name}`, doc }))
    return `'${command}') ${shell.named(all)} ;;`
  })

/** `$place $count`: the words that may stand there, `count` of them being there already. */
export const wordArms = (places: readonly Place[], shell: Shell): string[] =>
  places.flatMap(({ command, next, args }) => [
    ...(next.length === 0 ? [] : [`'${command} 0') ${shell.named(next)} ;;`]),
    ...args.flatMap((arg, count) => {
      const acts = offered(arg, shell)
      return acts.length === 0 ? [] : [`'${command} ${count}') ${acts.join('; ')} ;;`]
    }),
  ])

export const valued = ({ flags }: Place): readonly (PlaceFlag & { readonly value: Offer })[] =>
  flags.flatMap(({ value, ...flag }) => (value === null ? [] : [{ ...flag, value }]))

/** As it may be written, behind its place. */
export const written = ({ command }: Place, { name, short }: PlaceFlag): string[] =>
  [`--${name}`, ...(short === null ? [] : [`-${short}`])].map((flag) => `${command} ${flag}`)

const offered = ({ words, path }: Offer, shell: Shell): string[] => [
  ...(words.length === 0 ? [] : [shell.words(words)]),
  ...(path === null ? [] : [shell.path(path)]),
]

const patterns = (all: readonly string[]): string => all.map((one) => `'${one}'`).join('|')

export const block = (lines: readonly string[], indent: number): string =>
  lines.map((line) => `${' '.repeat(indent)}${line}`).join('\n')
