/** What a name leads to for a key: for lists of models, which must not promise what a request would be refused. Pure. */
import { GatewayError } from '../../core/errors.ts'
import type { Principal } from '../../core/principal.ts'
import type { Deployment } from '../../core/types.ts'
import { outside } from './bounds.ts'
import { choices } from './names.ts'
import { boundOf, type RouteTable } from './table.ts'

/**
 * Whom a request for `model` may be given to, whatever it is about and whenever it comes: the candidates and the fallback of each
 * route that may take it; none where the name means nothing to this key.
 */
export function reachOf(model: string, principal: Principal, table: RouteTable): readonly Deployment[] {
  const key = boundOf(principal, table)
  const reached = new Set<Deployment>()
  try {
    const asked = { model, principal, strategy: null, headers: {}, profile: null, utcHour: 0 }
    for (const choice of choices(asked, table))
      for (const one of [...choice.candidates, ...choice.fallback])
        if (outside(one, { spec: choice.rule?.spec ?? null, scoring: choice.scoring, key }) === null) reached.add(one)
  } catch (thrown) {
    if (!(thrown instanceof GatewayError && thrown.code === 'model_not_found')) throw thrown
  }
  return [...reached]
}
