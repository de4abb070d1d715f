/** The two loops that take most of the time of reading a text, for the vector unit of the processor: what is a word's in bytes is added up, and heads look at the sum. */
import {
  add,
  addFloats,
  addFloatsOf4,
  addOf4,
  addOf8,
  type Code,
  firstOf8,
  floatOf4,
  get,
  int,
  isLess,
  lastOf8,
  load,
  loadBytes,
  loadFloat,
  loadInt,
  moduleOf,
  multiply,
  multiplyFloatsOf4,
  NOTHING,
  repeat,
  set,
  store,
  storeFloat,
  type WasmFunction,
} from './wasm.ts'

/** What a kernel works on. */
export interface Tables {
  /** Numbers of one vector. */
  readonly dims: number
  /** One vector after the other. */
  readonly vectors: Int8Array
  /** One number for each vector. */
  readonly norms: ArrayLike<number>
  /** Weights of the features, then a constant; one head after the other. */
  readonly heads: readonly Float32Array[]
  /** How many there are. */
  readonly features: number
  /** Most vectors of one text. */
  readonly most: number
}

/** Its arrays are overwritten by the next call. */
export interface Kernel {
  /** Which vectors are meant: to be filled in before `addUp`. */
  readonly ids: Int32Array
  /** What `addUp` has come to. */
  readonly sums: Int32Array
  /** What heads look at: to be filled in before `score`. */
  readonly features: Float32Array
  /** One for each head. */
  readonly scores: Float32Array
  /** Adds up the vectors of the first `count` ids; the sum of their norms. */
  readonly addUp: (count: number) => number
  readonly score: () => void
}

/** Eight bits so many times fit into sixteen. */
const MOST_AT_ONCE = 255

export function kernelOf({ dims, vectors, norms, heads, features, most }: Tables): Kernel {
  const row = up(features + 1, 4)
  const width = up(dims, 8)
  const count = vectors.length / dims
  const plan = layout({
    ids: 4 * most,
    sums: 4 * width,
    features: 4 * row,
    scores: 4 * heads.length,
    norms: 4 * count,
    heads: 4 * row * heads.length,
    vectors: width * count,
  })
  const { exports } = new WebAssembly.Instance(
    new WebAssembly.Module(moduleOf([addUp(plan, width), score(plan, row)], up(plan.end, PAGE) / PAGE)),
  )
  const { buffer } = exports.memory
  new Float32Array(buffer, plan.norms).set(norms)
  heads.forEach((head, index) => new Float32Array(buffer, plan.heads).set(head, row * index))
  for (let at = 0; at < count; at++)
    new Int8Array(buffer, plan.vectors).set(vectors.subarray(dims * at, dims * (at + 1)), width * at)
  const seen = new Float32Array(buffer, plan.features, row)
  seen[features] = 1
  const sums = new Int32Array(buffer, plan.sums, dims)
  return {
    ids: new Int32Array(buffer, plan.ids, most),
    sums,
    features: seen.subarray(0, features),
    scores: new Float32Array(buffer, plan.scores, heads.length),
    addUp: (count) => {
      sums.fill(0)
      let norm = 0
      for (let from = 0; from < count; from += MOST_AT_ONCE)
        norm += exports.addUp(plan.ids + 4 * from, plan.ids + 4 * Math.min(count, from + MOST_AT_ONCE))
      return norm
    },
    score: () => exports.score(plan.heads, plan.heads + 4 * row * heads.length),
  }
}

const PAGE = 65_536
const up = (size: number, unit: number): number => unit * Math.ceil(size / unit)

type Plan = Readonly<Record<'ids' | 'sums' | 'features' | 'scores' | 'norms' | 'heads' | 'vectors' | 'end', number>>

/** Where each of the arrays of so many bytes begins. */
function layout(sizes: Omit<Plan, 'end'>): Plan {
  let end = 0
  const take = (size: number): number => {
    const start = end
    end += up(size, 16)
    return start
  }
  const { ids, sums, features, scores, norms, heads, vectors } = sizes
  return {
    ids: take(ids),
    sums: take(sums),
    features: take(features),
    scores: take(scores),
    norms: take(norms),
    heads: take(heads),
    vectors: take(vectors),
    end,
  }
}

const [AT, TO] = [0, 1]

/** (from, to: addresses of ids) -> their norms; adds their vectors to the sums. */
function addUp(plan: Plan, width: number): WasmFunction {
  const [ID, VECTOR, NORM, PARTS] = [2, 3, 4, 5]
  const parts = Array.from({ length: width / 8 }, (_, index) => ({ local: PARTS + index, sum: plan.sums + 32 * index }))
  return {
    name: 'addUp',
    takes: ['i32', 'i32'],
    gives: 'f32',
    locals: ['i32', 'i32', 'f32', ...parts.map(() => 'v128' as const)],
    code: [
      ...repeat(
        [
          ...set(ID, loadInt(get(AT))),
          ...set(NORM, addFloats(get(NORM), loadFloat(multiply(get(ID), int(4)), plan.norms))),
          ...set(VECTOR, multiply(get(ID), int(width))),
          ...parts.flatMap(({ local }, index) =>
            set(local, addOf8(get(local), loadBytes(get(VECTOR), plan.vectors + 8 * index))),
          ),
          ...set(AT, add(get(AT), int(4))),
        ],
        isLess(get(AT), get(TO)),
      ),
      ...parts.flatMap(({ local, sum }) => [
        ...store(int(sum), 0, addOf4(load(int(sum)), firstOf8(get(local)))),
        ...store(int(sum), 16, addOf4(load(int(sum), 16), lastOf8(get(local)))),
      ]),
      ...get(NORM),
    ],
  }
}

/** (from, to: addresses of heads): what each makes of the features. Two sums side by side: one would wait for itself. */
function score(plan: Plan, row: number): WasmFunction {
  const [OUT, EVEN, ODD] = [2, 3, 4]
  const taken = (at: number): Code => multiplyFloatsOf4(load(int(plan.features), 4 * at), load(get(AT), 4 * at))
  const steps = Array.from({ length: row / 4 }, (_, step) => {
    const sum = step % 2 === 0 ? EVEN : ODD
    return set(sum, addFloatsOf4(get(sum), taken(4 * step)))
  })
  const lane = (index: number): Code => floatOf4(get(EVEN), index)
  return {
    name: 'score',
    takes: ['i32', 'i32'],
    gives: null,
    locals: ['i32', 'v128', 'v128'],
    code: repeat(
      [
        ...set(EVEN, NOTHING),
        ...set(ODD, NOTHING),
        ...steps.flat(),
        ...set(EVEN, addFloatsOf4(get(EVEN), get(ODD))),
        ...storeFloat(get(OUT), plan.scores, addFloats(addFloats(lane(0), lane(1)), addFloats(lane(2), lane(3)))),
        ...set(OUT, add(get(OUT), int(4))),
        ...set(AT, add(get(AT), int(4 * row))),
      ],
      isLess(get(AT), get(TO)),
    ),
  }
}

/** As much of it as is used: Node's own types leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object) => {
    readonly exports: {
      readonly memory: { readonly buffer: ArrayBuffer }
      readonly addUp: (from: number, to: number) => number
      readonly score: (from: number, to: number) => void
    }
  }
}
