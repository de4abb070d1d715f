/** Options that had another name in earlier versions: old files are read as before, and `turnout check` says what to write now. */
import { isObject } from '../core/is-object.ts'

interface Renamed {
  /** A list of the file whose entries have the option. */
  readonly section: string
  readonly old: string
  readonly now: string
  /** Old value -> new value. */
  readonly values: Readonly<Record<string, string>>
}

const RENAMED: readonly Renamed[] = [
  { section: 'budgets', old: 'when_away', now: 'on_store_error', values: { open: 'allow', closed: 'deny' } },
]

/** An option that the file has under its old name. */
export interface OldSpelling {
  /** As the file has it: "budgets[0].when_away". */
  readonly path: string
  /** The same option by its name of today: "budgets[0].on_store_error". */
  readonly today: string
  readonly sentence: string
}

/** The parsed file in the names of today; `found` gets each old one. Values that came from variables have no old name any more, so they are respelled as well. */
export function respelled(file: unknown, found: (old: OldSpelling) => void): unknown {
  if (!isObject(file)) return file
  return RENAMED.reduce<Readonly<Record<string, unknown>>>((all, renamed) => {
    const list = all[renamed.section]
    if (!Array.isArray(list)) return all
    const entries = list.map((entry: unknown, at) => inEntry(entry, renamed, `${renamed.section}[${at}]`, found))
    return { ...all, [renamed.section]: entries }
  }, file)
}

function inEntry(
  entry: unknown,
  { old, now, values }: Renamed,
  path: string,
  found: (old: OldSpelling) => void,
): unknown {
  if (!isObject(entry)) return entry
  const today = (value: unknown): unknown =>
    typeof value === 'string' && Object.hasOwn(values, value) ? values[value] : value
  // With both names in one entry the old one is left, and refused as an option that does not exist.
  if (!(old in entry) || now in entry) return now in entry ? { ...entry, [now]: today(entry[now]) } : entry
  const { [old]: value, ...rest } = entry
  const words = Object.entries(values).map(([before, after]) => `${before} is now ${after}`)
  const sentence = `is an old name of \`${now}\` (${words.join(', ')}); write \`${now}\``
  found({ path: `${path}.${old}`, today: `${path}.${now}`, sentence })
  return { ...rest, [now]: today(value) }
}
