/** The schemas of the last requests, compiled: agents send the same tools with every turn. */
import { isObject } from '../core/is-object.ts'
import { createHash } from 'node:crypto'
import { type Check, compileSchema } from './compile-schema.ts'

/** Of one `response_format` or one list of tools: its schemas by the name of the tool, compiled when they are asked for. */
interface Sheet {
  /** '' = the schema of the answer itself. */
  readonly schemas: ReadonlyMap<string, unknown>
  readonly checks: Map<string, Check | null>
}

export class Schemas {
  readonly #sheets = new Map<string, Sheet>()
  readonly #most: number

  /** `most`: sheets that are held; the one that was not asked for longest goes. */
  constructor(most = 64) {
    this.#most = most
  }

  get size(): number {
    return this.#sheets.size
  }

  /** The check of `name`; undefined where it is not declared, null where its schema cannot be used. */
  find(
    json: Uint8Array,
    read: (value: unknown) => ReadonlyMap<string, unknown>,
    name: string,
  ): Check | null | undefined {
    const { schemas, checks } = this.#sheet(json, read)
    const known = checks.get(name)
    if (known !== undefined || !schemas.has(name)) return known
    const schema = schemas.get(name)
    const check = schema === undefined || schema === null ? ANYTHING : compileSchema(schema)
    checks.set(name, check)
    return check
  }

  #sheet(json: Uint8Array, read: (value: unknown) => ReadonlyMap<string, unknown>): Sheet {
    const digest = createHash('sha256').update(json).digest('base64')
    const sheet = this.#sheets.get(digest) ?? {
      schemas: read(JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString())),
      checks: new Map<string, Check | null>(),
    }
    this.#sheets.delete(digest)
    this.#sheets.set(digest, sheet)
    if (this.#sheets.size > this.#most) this.#sheets.delete(this.#sheets.keys().next().value!)
    return sheet
  }
}

const ANYTHING: Check = () => true

/** The schema in a `response_format`: OpenAI's place for it, or that of llama.cpp and others. */
export function formatSchemas(format: unknown): ReadonlyMap<string, unknown> {
  if (!isObject(format)) return new Map()
  const named = format['json_schema']
  return new Map([['', isObject(named) ? named['schema'] : format['schema']]])
}

/** The schemas of `tools` or `functions`, by name; undefined for one that takes anything. */
export function toolSchemas(list: unknown): ReadonlyMap<string, unknown> {
  const schemas = new Map<string, unknown>()
  if (!Array.isArray(list)) return schemas
  for (const entry of list as readonly unknown[]) {
    if (!isObject(entry)) continue
    const tool = [entry['function'], entry['custom'], entry].find(isObject)!
    if (typeof tool['name'] === 'string') schemas.set(tool['name'], tool['parameters'])
  }
  return schemas
}
