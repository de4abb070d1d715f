/** What a name leads to for a key: for lists of models, which must not promise what a request would be refused. Pure. */
import { GatewayError } from '../core/errors.ts'
import type { Principal } from '../core/settings.ts'
import type { Deployment } from '../core/types.ts'
import { isLocal } from './local.ts'
import { resolve } from './names.ts'
import type { RouteTable } from './table.ts'

/** Whom a request for `model` could be given to, whatever it needs; none where the name means nothing to this key. */
export function reachOf(model: string, principal: Principal, table: RouteTable): readonly Deployment[] {
  try {
    const { candidates, localOnly } = resolve(model, principal, null, table)
    const allowed = table.allowed.get(principal.id)
    return candidates.filter((one) => (allowed === undefined || allowed.has(one)) && (!localOnly || isLocal(one)))
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'model_not_found') return []
    throw thrown
  }
}
