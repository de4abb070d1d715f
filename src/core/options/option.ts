/** One declaration of an option: what a file may say, what editors and the reference show, what holds without it, and its flag. */
import { z } from 'zod'

/** How the command line takes the option. */
export interface Flag {
  /** Where it is not the option's own name. */
  readonly name?: string
  /** What stands behind it in the usage: `N`, `a,b`. */
  readonly takes: string
  /** How it is read: cli/key-flags.ts has a reader for each. `pairs`: may be repeated. */
  readonly as: 'word' | 'number' | 'yes or no' | 'list' | 'amount' | 'pairs'
}

export interface Option<Z extends z.ZodType = z.ZodType, V = unknown> {
  readonly zod: Z
  readonly doc: string
  /** What holds where nothing is said. */
  readonly value: V
  readonly flag?: Flag
  /** The form in a file of the gateway's own, where that is another than what people write. */
  readonly stored?: z.ZodType<V>
}

type Options = Readonly<Record<string, Option>>
type More<V> = Pick<Option<z.ZodType, V>, 'flag' | 'stored'>

/** Without a `value` it is null where nothing is said. */
export function option<Z extends z.ZodType>(
  zod: Z,
  doc: string,
  more: More<z.output<Z>> & { readonly value: z.output<Z> },
): Option<Z, z.output<Z>>
export function option<Z extends z.ZodType>(
  zod: Z,
  doc: string,
  more?: More<z.output<Z> | null>,
): Option<Z, z.output<Z> | null>
export function option(zod: z.ZodType, doc: string, more: Partial<Option> = {}): Option {
  return { zod, doc, value: null, ...more }
}

type Frozen<T> = T extends readonly (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T
type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S

/** The values by the names of the file: `max_cost_usd`. */
export type Fields<O extends Options> = { readonly [K in keyof O & string]: Frozen<O[K]['value']> }
/** The values by the names of the code: `maxCostUsd`. */
export type Values<O extends Options> = { readonly [K in keyof O & string as Camel<K>]: Frozen<O[K]['value']> }

/** What a file gives of them. */
export type Given<O extends Options> = { readonly [K in keyof O & string]?: Frozen<O[K]['value']> | undefined }

const camel = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())

/** The options that a file gives, and the defaults of the others. */
export const valuesOf = <O extends Options>(options: O, given: Given<O> = {}) =>
  each(options, ({ value }, name) => [camel(name), (given as Given<Options>)[name] ?? value]) as Values<O>

/** The same by the names of the file. */
export const fieldsOf = <O extends Options>(options: O, given: Given<O> = {}) =>
  each(options, ({ value }, name) => [name, (given as Given<Options>)[name] ?? value]) as Fields<O>

/** Back to the names of the file. */
export const namedOf = <O extends Options>(options: O, values: Values<O>) =>
  each(options, (_, name) => [name, (values as Readonly<Record<string, unknown>>)[camel(name)]]) as Fields<O>

/** What a configuration file may say. */
export const zodShapeOf = <O extends Options>(options: O) =>
  each(options, ({ zod, doc, value }, name) => [name, described(zod, doc, isEmpty(value) ? undefined : value)]) as {
    readonly [K in keyof O & string]: z.ZodOptional<O[K]['zod']>
  }

/** What a change may say: null takes an option back to where it was before anybody set it. */
export const changesOf = <O extends Options>(options: O) =>
  each(options, ({ zod }, name) => [name, zod.nullable().optional()]) as {
    readonly [K in keyof O & string]: z.ZodOptional<z.ZodNullable<O[K]['zod']>>
  }

/** What a file of the gateway's own holds. An option that a file of an earlier version does not have is at its default. */
export const storedOf = <O extends Options>(options: O) =>
  each(options, ({ zod, stored = zod, value }, name) => [
    name,
    value === null ? stored.nullable().default(null) : stored.default(value),
  ]) as { readonly [K in keyof O & string]: z.ZodDefault<z.ZodType<O[K]['value']>> }

/** Editors show both; the default itself is filled in where the file is read. */
export const described = <Z extends z.ZodType>(zod: Z, description: string, value?: unknown): z.ZodOptional<Z> =>
  zod.optional().meta({ description, ...(value === undefined ? {} : { default: value }) })

/** Nothing is worth showing as a default. */
const isEmpty = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && Object.keys(value).length === 0)

/** Types do not follow a mapping by names: each of the above says what it makes. */
const each = (options: Options, entry: (option: Option, name: string) => readonly [string, unknown]): unknown =>
  Object.fromEntries(Object.entries(options).map(([name, option]) => entry(option, name)))
