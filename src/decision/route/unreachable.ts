/** Routes to which others leave nothing, as far as the configuration alone makes it certain. Pure. */
import type { KeySpec } from '../../core/principal.ts'
import type { RouteSpec } from '../../core/settings.ts'
import { isBoundBesideRoutes } from './bounds.ts'
import { type Access, askedFor, coverOf, coversGlob, type MatchSet, surelyTaken, takenBy, usersOf } from './coverage.ts'
import { AUTO } from './match.ts'
import { DEFAULT_ROUTE } from './compiled-route.ts'

export interface Shadow {
  readonly route: string
  /** The routes that take what it asks for. */
  readonly by: readonly string[]
  /** What never comes to the route: a sentence that begins with its place in the file. */
  readonly why: string
}

/** In the order of the routes. `isUnsure`: keys for which a rule may be passed over, as far as the configuration shows. */
export function shadows(
  routes: readonly RouteSpec[],
  keys: readonly KeySpec[] = [],
  isUnsure: (key: KeySpec) => boolean = isBoundBesideRoutes,
): Shadow[] {
  const access = { routes, keys }
  const unsure = new Set(keys.filter(isUnsure).map(({ id }) => id))
  const rules = routes.map((route) => {
    const open = takenBy(route, access)
    return open && { open, sure: surelyTaken(open, unsure) }
  })
  return routes.flatMap((route, at) => [...ofRule(route, at, rules, access), ...ofName(route, at, rules, access)])
}

/** What each rule is open for, and what it surely takes of that; null: it has no conditions. */
type Rules = readonly ({ readonly open: MatchSet; readonly sure: MatchSet } | null)[]

const above = (rules: Rules, at: number): MatchSet[] => rules.slice(0, at).flatMap((rule) => rule?.sure ?? [])

function ofRule({ name, match }: RouteSpec, at: number, rules: Rules, access: Access): Shadow[] {
  const own = rules[at]?.open ?? null
  const earlier = above(rules, at)
  if (own === null || match === null) return []
  const lost = (part: MatchSet, path: string, what: string): Shadow[] => {
    const by = coverOf(earlier, part)
    return by === null ? [] : [{ route: name, by, why: `routes[${at}].${path} ${what}: ${taken(by, 'before it')}` }]
  }
  const keys = access.keys.length > usersOf(name, access).length ? ' for a key that may use the route' : ''
  const whole = lost(own, 'match', `is never fulfilled${keys}`)
  if (whole.length > 0) return whole
  const only = (part: 'model' | 'key' | 'class', list: readonly string[], path = `match.${part}`): Shadow[] =>
    list.flatMap((one, index) => {
      if (part === 'key' && !own.key.includes(one)) return []
      const place = path === 'match' ? path : `${path}[${index}]`
      return lost({ ...own, [part]: [one] }, place, `is never fulfilled for ${WORDS[part]} "${one}"`)
    })
  const bound = access.keys.filter((key) => key.routes?.includes(name) === true).map(({ id }) => id)
  return [
    ...only('model', match.model ?? []),
    ...(match.key === null ? only('key', bound, 'match') : only('key', match.key)),
    ...only('class', match.class ?? []),
  ]
}

const WORDS = { model: 'the model', key: 'the key', class: 'the class' } as const

/** Rules come before names, wherever they stand, and before what `auto` means without them. */
function ofName({ name }: RouteSpec, at: number, rules: Rules, access: Access): Shadow[] {
  const lost = (model: string, what: string, key?: string): Shadow[] => {
    const own = rules[at]?.open ?? null
    const itself = own !== null && own.model.some((pattern) => coversGlob(pattern, model))
    const asked = askedFor(model, name, access)
    const by = coverOf(above(rules, itself ? at : rules.length), key === undefined ? asked : { ...asked, key: [key] })
    return by === null ? [] : [{ route: name, by, why: `routes[${at}].name: ${what}: ${taken(by, 'first')}` }]
  }
  const named = lost(name, `a request for "${name}" never reaches this route`)
  if (name !== DEFAULT_ROUTE) return named
  const usual = lost(AUTO, '`auto` never reaches this route')
  const bound = access.keys.filter((key) => key.routes?.includes(name) === true)
  const each = bound.flatMap(({ id }) => lost(AUTO, `\`auto\` of the key "${id}" never reaches this route`, id))
  return [...named, ...(usual.length > 0 ? usual : each)]
}

const taken = (by: readonly string[], when: string): string =>
  by.length === 1
    ? `route "${by[0]}" comes ${when} and takes all of that`
    : `routes ${by.map((name) => `"${name}"`).join(', ')} come ${when} and together take all of that`
