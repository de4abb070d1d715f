import type { Json, JsonObject } from './json.ts'

/** An object of which nothing is known but that it is one. */
export type Fields = Readonly<Record<string, unknown>>

/** An object with members: no list, no null. */
export function isObject(value: Json | undefined): value is JsonObject
export function isObject(value: unknown): value is Fields
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
