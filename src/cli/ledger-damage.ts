import type { DamageCount } from '../ledger/damage.ts'

/** Sums over rows are too low by what is left out, so it is said beside them. */
export function damageWords({ damaged, torn, newer, files, first }: DamageCount): string[] {
  const lines = (count: number): string => (count === 1 ? '1 line' : `${count} lines`)
  return [
    ...(damaged === 0
      ? []
      : [
          `${lines(damaged)} in ${files === 1 ? '1 file' : `${files} files`} cannot be read and ${damaged === 1 ? 'is' : 'are'} left out; the first is ${first ?? ''}`,
        ]),
    ...(newer === 0
      ? []
      : [
          `${newer === 1 ? '1 file was' : `${newer} files were`} written by a newer version of Turnout and ${newer === 1 ? 'is' : 'are'} left out`,
        ]),
    ...(torn === 0 ? [] : [`${lines(torn)} incomplete: a request that is being written, or whose gateway was killed`]),
  ]
}
