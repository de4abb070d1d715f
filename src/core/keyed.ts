/** Tables of facts by name: TypeScript does not keep their names by itself. */

/** The names of a table, in the order of its rows. */
export const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>): readonly K[] => Object.keys(table) as K[]

/** A value for each of the names. */
export const keyed = <K extends string, V>(names: readonly K[], of: (name: K, place: number) => V): Record<K, V> =>
  Object.fromEntries(names.map((name, place) => [name, of(name, place)])) as Record<K, V>
