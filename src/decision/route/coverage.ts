/** What the conditions of a rule take, as sets, and whether some of them leave nothing of another. Pure. */
import type { KeySpec } from '../../core/principal.ts'
import type { RouteSpec } from '../../core/settings.ts'
import { TASK_CLASSES } from '../../core/capabilities.ts'
import { glob } from '../../core/glob.ts'
import { AUTO, hasConditions, isHourOf } from './match.ts'
import { DEFAULT_ROUTE } from './compiled-route.ts'

/** The requests that hold in each of the sets. */
export interface MatchSet {
  readonly route: string
  /** Globs over the name. */
  readonly model: readonly string[]
  readonly key: readonly string[]
  readonly class: readonly string[]
  /** All of these. */
  readonly needs: readonly string[]
  /** All of these: names, and globs over their values. */
  readonly header: Readonly<Record<string, string>>
  /** Both ends included. */
  readonly tokens: { readonly min: number; readonly max: number }
  /** Of 0..23. */
  readonly hour: readonly number[]
}

const HOURS = [...Array(24).keys()]
const ANY = { class: TASK_CLASSES, needs: [], header: {}, tokens: { min: 0, max: Infinity }, hour: HOURS } as const

/** Without keys everybody is one. */
const NOBODY = 'anonymous'

/** All requests for a name, of the keys that may use the route. */
export const askedFor = (model: string, route: string, among: Access): MatchSet => ({
  ...ANY,
  route,
  model: [model],
  key: usersOf(route, among),
})

/** Null: it has no conditions, so it is reached by its name only. */
export function takenBy({ name, match }: RouteSpec, among: Access): MatchSet | null {
  if (match === null || !hasConditions(match)) return null
  const { hour } = match
  return {
    route: name,
    model: match.model ?? [AUTO],
    key: usersOf(name, among).filter((id) => match.key === null || match.key.includes(id)),
    class: match.class ?? ANY.class,
    needs: match.needs ?? ANY.needs,
    header: match.header ?? ANY.header,
    tokens: { min: match.tokens?.min ?? 0, max: match.tokens?.max ?? Infinity },
    hour: hour === null ? HOURS : HOURS.filter((one) => isHourOf(one, hour)),
  }
}

/** Without the keys for which the rule may be passed over: whether it is, the backends decide, which are not known here. */
export const surelyTaken = (rule: MatchSet, unsure: ReadonlySet<string>): MatchSet =>
  unsure.size === 0 ? rule : { ...rule, key: rule.key.filter((id) => !unsure.has(id)) }

/** Who may use which route. */
export interface Access {
  readonly routes: readonly RouteSpec[]
  readonly keys: readonly KeySpec[]
}

/** For any other key the rule is passed over, unless what it may use happens to be among the candidates. */
export function usersOf(route: string, { routes, keys }: Access): readonly string[] {
  if (keys.length === 0) return [NOBODY]
  const open = !routes.some(({ name }) => name === DEFAULT_ROUTE)
  return keys
    .filter((key) => key.routes === null || key.routes.includes(route) || (open && key.routes.includes(DEFAULT_ROUTE)))
    .map(({ id }) => id)
}

type Condition = Exclude<keyof MatchSet, 'route'>

/** Whether nothing of what `inner` takes by this condition is outside of all `outers`; false also where that is not certain. */
const COVERED: Readonly<Record<Condition, (outers: readonly MatchSet[], inner: MatchSet) => boolean>> = {
  model: (outers, inner) =>
    inner.model.every((pattern) => outers.some(({ model }) => model.some((outer) => coversGlob(outer, pattern)))),
  key: (outers, inner) => inner.key.every((id) => outers.some(({ key }) => key.includes(id))),
  class: (outers, inner) => inner.class.every((one) => outers.some((outer) => outer.class.includes(one))),
  hour: (outers, inner) => inner.hour.every((one) => outers.some(({ hour }) => hour.includes(one))),
  needs: (outers, inner) => outers.some(({ needs }) => needs.every((need) => inner.needs.includes(need))),
  header: (outers, inner) =>
    outers.some(({ header }) =>
      Object.entries(header).every(
        ([name, outer]) => inner.header[name] !== undefined && coversGlob(outer, inner.header[name]),
      ),
    ),
  tokens: (outers, inner) => {
    let reached = inner.tokens.min - 1
    for (const { min, max } of outers.map(({ tokens }) => tokens).sort((a, b) => a.min - b.min))
      if (min <= reached + 1) reached = Math.max(reached, max)
    return reached >= inner.tokens.max
  },
}
const CONDITIONS = Object.keys(COVERED) as Condition[]

/**
 * The routes that together take all that `inner` takes: one, or several that share it out by one condition, as by day and
 * night. Null: something is left, or it is not certain that nothing is.
 */
export function coverOf(outers: readonly MatchSet[], inner: MatchSet): readonly string[] | null {
  if (inner.key.length === 0) return null
  for (const shared of CONDITIONS) {
    const able = outers.filter((outer) =>
      CONDITIONS.every((condition) => condition === shared || COVERED[condition]([outer], inner)),
    )
    if (able.length === 0 || !COVERED[shared](able, inner)) continue
    return able
      .reduceRight<readonly MatchSet[]>((kept, one) => {
        const fewer = kept.filter((other) => other !== one)
        return fewer.length > 0 && COVERED[shared](fewer, inner) ? fewer : kept
      }, able)
      .map(({ route }) => route)
  }
  return null
}

/** Whether one glob matches all that another matches: a `*` of the inner one is a letter that only a `*` can match. */
export const coversGlob = (outer: string, inner: string): boolean => glob(outer)(inner.replaceAll('*', '\0'))
