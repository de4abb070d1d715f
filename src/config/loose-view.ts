/** What the cross-checks read of a file, so that they can judge the sound parts of one whose shape is wrong elsewhere. */
import { z } from 'zod'
import { keyed } from '../core/keyed.ts'
import { name } from '../core/options/kinds.ts'
import { WISHES } from '../core/provider.ts'
import { volume } from '../core/units.ts'
import { fileSchema, OPTIONS } from './schema.ts'

/** Of each value: undefined = not there, null = wrong or misspelt, which the schema has said already. */
const or = <T extends z.ZodType>(schema: T) => schema.nullish().catch(null as never)

/** With an option that does not exist, whatever is not there may be what was meant by it. */
const map = <S extends z.ZodRawShape>(shape: S, options: readonly string[]) =>
  z.looseObject(shape).transform((value): z.output<z.ZodObject<S>> => {
    const misspelt = Object.keys(value).some((option) => !options.includes(option))
    const absent = Object.keys(shape).filter((option) => (value as Record<string, unknown>)[option] === undefined)
    return misspelt ? { ...value, ...Object.fromEntries(absent.map((option) => [option, null])) } : value
  })

const text = or(z.string().min(1))
const texts = or(z.array(text))

const backend = map(
  {
    ...{ name: or(name), kind: text, url: text, path_as_is: or(z.boolean()), key: or(z.string()), models: texts },
    keys: or(z.array(or(z.union([z.string(), z.looseObject({ key: or(z.string()) })])))),
    ...keyed(WISHES, () => or(z.unknown())),
    role: or(z.string()),
    engine: or(z.object({ command: or(z.unknown()), group: or(name), memory: or(volume) })),
  },
  OPTIONS.backend,
)
const number = or(z.number())
const numbers = or(z.record(z.string(), z.number()))
const route = z.object({
  name: or(name),
  match: or(
    z.object({
      key: texts,
      header: or(z.record(z.string(), z.unknown())),
      tokens: or(z.strictObject({ min: number, max: number })),
      hour: or(z.object({ from: number, to: number })),
    }),
  ),
  strategy: or(z.union([z.string(), numbers])),
  weights: numbers,
  baseline: text,
})
const key = z.object({ id: or(name), hash: text, routes: texts })

const outline = map(
  {
    server: or(map({ host: text, port: or(z.number()), auth: or(z.enum(['keys', 'none'])) }, OPTIONS.server)),
    backends: or(z.array(backend.catch({ name: null }))),
    engine_groups: or(z.record(z.string(), z.object({ memory: or(volume) }))),
    models: or(z.record(z.string(), z.object({ aliases: texts }).catch({ aliases: null }))),
    routes: or(z.array(route.catch({ name: null }))),
    keys: or(z.array(key.catch({ id: null }))),
    store: or(map({ keys: or(z.string()) }, OPTIONS.store)),
    admin: or(map({ host: text, port: or(z.number()) }, OPTIONS.admin)),
  },
  Object.keys(fileSchema.shape),
)

export type LooseView = z.output<typeof outline>

/** Never throws; a file that is no map has an empty outline. */
export const looseView = (filled: unknown): LooseView => outline.catch({ keys: null }).parse(filled)
