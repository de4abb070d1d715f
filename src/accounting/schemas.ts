/** The schemas of the last requests, compiled: agents send the same tools with every turn. */
import { BoundedMap } from '../core/bounded-map.ts'
import { type Fields, isObject } from '../core/is-object.ts'
import type { SchemaSource } from '../core/prompt.ts'
import { createHash } from 'node:crypto'
import { type Check, compileSchema } from './compile-schema.ts'

/** Of the form of one answer or of one list of tools: its schemas by the name of the tool, compiled when they are asked for. */
interface Sheet {
  /** '' = the schema of the answer itself. */
  readonly schemas: ReadonlyMap<string, unknown>
  readonly checks: Map<string, Check | null>
}

export class Schemas {
  readonly #sheets: BoundedMap<string, Sheet>

  /** `most`: sheets that are held; the one that was not asked for longest goes. */
  constructor(most = 64) {
    this.#sheets = new BoundedMap(most)
  }

  get size(): number {
    return this.#sheets.size
  }

  /** The check of `name`; undefined where it is not declared, null where its schema cannot be used. */
  find(source: SchemaSource, read: SchemaReader, name: string): Check | null | undefined {
    const { schemas, checks } = this.#sheet(source, read)
    const known = checks.get(name)
    if (known !== undefined || !schemas.has(name)) return known
    const schema = schemas.get(name)
    const check = schema === undefined || schema === null ? ANYTHING : compileSchema(schema)
    checks.set(name, check)
    return check
  }

  #sheet(source: SchemaSource, read: SchemaReader): Sheet {
    const { json } = source
    const digest = createHash('sha256').update(json).digest('base64')
    const sheet = this.#sheets.get(digest) ?? {
      schemas: read(JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString()), source),
      checks: new Map<string, Check | null>(),
    }
    this.#sheets.renew(digest, sheet)
    return sheet
  }
}

const ANYTHING: Check = () => true

type SchemaReader = (value: unknown, source: SchemaSource) => ReadonlyMap<string, unknown>

/** The schema of an answer, under the name ''. */
export const answerSchema: SchemaReader = (value, source) => {
  const holder = holderOf(value, source)
  return holder === null ? new Map() : new Map([['', holder[source.schema]]])
}

/** The schemas of a list of tools, by name; undefined for one that takes anything. */
export const toolSchemas: SchemaReader = (list, source) => {
  const schemas = new Map<string, unknown>()
  if (!Array.isArray(list)) return schemas
  for (const entry of list as readonly unknown[]) {
    const tool = holderOf(entry, source)
    if (typeof tool?.['name'] === 'string') schemas.set(tool['name'], tool[source.schema])
  }
  return schemas
}

/** The object that the schema lies in; null where there is none. */
function holderOf(value: unknown, { holders }: SchemaSource): Fields | null {
  if (!isObject(value)) return null
  const inner = holders.find((name) => isObject(value[name]))
  return inner === undefined ? value : (value[inner] as Fields)
}
