/** Names of local models for clients that list none but Anthropic's. Pure. */
import { LOCAL_ALIAS } from '../../core/model-alias.ts'
import type { RouteTable } from './table.ts'

/** The name that `model` stands for: itself, where it is no such alias, or the name of something. */
export function withoutAlias(model: string, { catalog, byName }: RouteTable): string {
  if (!model.startsWith(LOCAL_ALIAS)) return model
  const isName = catalog.byId.has(model) || catalog.byModel.has(model) || byName.has(model)
  return isName ? model : model.slice(LOCAL_ALIAS.length)
}
