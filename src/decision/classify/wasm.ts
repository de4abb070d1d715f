/**
 * A module of WebAssembly as bytes: as much of its binary format as kernel.ts needs. A function's code is written as nested calls,
 * operands first, as in `add(get(0), int(4))`. Pure.
 */

export type Code = readonly number[]
export type Type = keyof typeof TYPES

const TYPES = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const

export interface WasmFunction {
  readonly name: string
  readonly takes: readonly Type[]
  /** Null: nothing. */
  readonly gives: Type | null
  /** Numbered on from what it takes; zero at first. */
  readonly locals: readonly Type[]
  readonly code: Code
}

/** Exports its functions, and `memory` of so many pages of 64 KiB. */
export function moduleOf(functions: readonly WasmFunction[], pages: number): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ takes, gives }) => [
    0x60,
    ...list(takes.map((type) => [TYPES[type]])),
    ...list(gives === null ? [] : [[TYPES[gives]]]),
  ])
  const bodies = functions.map(({ locals, code }) =>
    sized([...list(locals.map((type) => [1, TYPES[type]])), ...code, END]),
  )
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(5, [[0, ...unsigned(pages)]]),
    ...section(7, [
      [...text('memory'), 2, 0],
      ...functions.map(({ name }, index) => [...text(name), 0, ...unsigned(index)]),
    ]),
    ...section(10, bodies),
  ])
}

const END = 0x0b
const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes]
const list = (entries: readonly Code[]): Code => [...unsigned(entries.length), ...entries.flat()]
const section = (id: number, entries: readonly Code[]): Code => [id, ...sized(list(entries))]
const text = (name: string): Code => sized([...Buffer.from(name)])

/** LEB128. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): Code {
  const low = value & 0x7f
  const rest = value >> 7
  const last = (rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40)
  return last ? [low] : [low | 0x80, ...signed(rest)]
}

// ---------------------------------------------------------------- variables and flow

export const get = (local: number): Code => [0x20, ...unsigned(local)]
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)]
/** Goes through `body` once, and again while the condition holds. */
export const repeat = (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, END]

// ---------------------------------------------------------------- numbers

export const int = (value: number): Code => [0x41, ...signed(value)]
export const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a]
export const multiply = (a: Code, b: Code): Code => [...a, ...b, 0x6c]
export const isLess = (a: Code, b: Code): Code => [...a, ...b, 0x49]
export const addFloats = (a: Code, b: Code): Code => [...a, ...b, 0x92]

/** At an address and so many bytes behind it. */
export const loadInt = (address: Code, offset = 0): Code => [...address, 0x28, 2, ...unsigned(offset)]
export const loadFloat = (address: Code, offset = 0): Code => [...address, 0x2a, 2, ...unsigned(offset)]
export const storeFloat = (address: Code, offset: number, value: Code): Code => [
  ...address,
  ...value,
  ...[0x38, 2, ...unsigned(offset)],
]

// ---------------------------------------------------------------- 128 bits: eight of 16, four of 32, or four floats

const SIMD = 0xfd
const simd = (operation: number, ...operands: readonly Code[]): Code => [
  ...operands.flat(),
  SIMD,
  ...unsigned(operation),
]

export const NOTHING: Code = [SIMD, 12, ...new Uint8Array(16)]
export const load = (address: Code, offset = 0): Code => [...address, SIMD, 0, 0, ...unsigned(offset)]
/** Eight bytes, each with its sign. */
export const loadBytes = (address: Code, offset = 0): Code => [...address, SIMD, 1, 0, ...unsigned(offset)]
export const store = (address: Code, offset: number, value: Code): Code => [
  ...address,
  ...value,
  ...[SIMD, 11, 0, ...unsigned(offset)],
]
export const addOf8 = (a: Code, b: Code): Code => simd(142, a, b)
export const addOf4 = (a: Code, b: Code): Code => simd(174, a, b)
/** The first, and the last, four of eight. */
export const firstOf8 = (a: Code): Code => simd(167, a)
export const lastOf8 = (a: Code): Code => simd(168, a)
export const addFloatsOf4 = (a: Code, b: Code): Code => simd(228, a, b)
export const multiplyFloatsOf4 = (a: Code, b: Code): Code => simd(230, a, b)
export const floatOf4 = (a: Code, lane: number): Code => [...a, SIMD, 31, lane]
