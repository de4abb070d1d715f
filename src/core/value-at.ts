/** The value at a dotted path (numbers index arrays); undefined where there is none. '' is the value itself. */
export function valueAt(value: unknown, path: string): unknown {
  let here = value
  for (const key of path === '' ? [] : path.split('.')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined
    here = (here as Record<string, unknown>)[key]
  }
  return here
}
