/** Names of local models for clients that list none but Anthropic's. Pure. */
import { LOCAL_ALIAS } from '../../core/model-alias.ts'
import { AUTO } from './match.ts'
import type { RouteTable } from './table.ts'

/** The name that `model` stands for: itself, where it is the name of something, or no alias of anything. */
export function withoutAlias(model: string, table: RouteTable): string {
  if (!model.startsWith(LOCAL_ALIAS) || isName(model, table)) return model
  const name = model.slice(LOCAL_ALIAS.length)
  return name === AUTO || name.startsWith(`${AUTO}:`) || isName(name, table) ? name : model
}

const isName = (name: string, { catalog, byName }: RouteTable): boolean =>
  catalog.byId.has(name) || catalog.byModel.has(name) || byName.has(name)
