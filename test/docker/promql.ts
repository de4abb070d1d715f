/** The readings of PromQL that the tests of the dashboard need; whether an expression is valid at all is promtool's to say. */

export interface Selector {
  readonly metric: string
  /** Label names between the braces. */
  readonly labels: readonly string[]
}

/** Every series of the gateway, and every one that our rules record, that an expression selects. */
export function selectorsOf(expr: string): Selector[] {
  return [...expr.matchAll(/\b(turnout[_:][a-z0-9_:]+)\s*(?:\{([^}]*)\})?/g)].map(([, metric, inside]) => ({
    metric: metric ?? '',
    labels: [...(inside ?? '').matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"[^"]*"/g)].map(([, label]) => label ?? ''),
  }))
}

/** Every label that an expression groups by. */
export function groupingsOf(expr: string): string[] {
  return [...expr.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(([, list]) =>
    (list ?? '').split(',').map((label) => label.trim()),
  )
}

/** `{{label}}` of a legend. */
export const legendLabels = (legend: string): string[] =>
  [...legend.matchAll(/\{\{\s*([a-z_]+)\s*\}\}/g)].map(([, label]) => label ?? '')

/** What Grafana puts in the place of its variables, with everything selected and a range that holds many scrapes. */
export const withoutVariables = (expr: string, names: readonly string[]): string =>
  names.reduce(
    (text, name) => text.replaceAll(`$${name}`, '.*'),
    expr.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '1h'),
  )
