/** Writes GGUFs of whatever shape, valid or not: metadata, and tensors of zeros. */
import { Buffer } from 'node:buffer'

export type Value =
  | { readonly u32: number }
  | { readonly u64: bigint }
  | { readonly f32: number }
  | { readonly bool: boolean }
  | { readonly text: string }
  | { readonly list: 'u32' | 'i32' | 'bool' | 'text'; readonly of: readonly (number | boolean | string)[] }

export interface TensorSpec {
  readonly name: string
  readonly shape: readonly number[]
  /** 0: F32, 1: F16, 8: Q8_0, .. */
  readonly type?: number
  /** Of the type: weights and bytes of a block. F32 where it is not given. */
  readonly block?: readonly [weights: number, bytes: number]
}

const ALIGNMENT = 32

export class GgufWriter {
  readonly #big: boolean

  constructor(bigEndian = false) {
    this.#big = bigEndian
  }

  u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    if (this.#big) bytes.writeUInt32BE(value >>> 0)
    else bytes.writeUInt32LE(value >>> 0)
    return bytes
  }

  u64 = (value: bigint): Buffer => {
    const bytes = Buffer.alloc(8)
    if (this.#big) bytes.writeBigUInt64BE(value)
    else bytes.writeBigUInt64LE(value)
    return bytes
  }

  text = (text: string): Buffer => Buffer.concat([this.u64(BigInt(Buffer.byteLength(text))), Buffer.from(text)])

  value(value: Value): Buffer {
    if ('u32' in value) return Buffer.concat([this.u32(4), this.u32(value.u32)])
    if ('u64' in value) return Buffer.concat([this.u32(10), this.u64(value.u64)])
    if ('f32' in value) return Buffer.concat([this.u32(6), this.#f32(value.f32)])
    if ('bool' in value) return Buffer.concat([this.u32(7), Buffer.from([value.bool ? 1 : 0])])
    if ('text' in value) return Buffer.concat([this.u32(8), this.text(value.text)])
    const code = { u32: 4, i32: 5, bool: 7, text: 8 }[value.list]
    const items = value.of.map((one) =>
      typeof one === 'string' ? this.text(one) : typeof one === 'boolean' ? Buffer.from([one ? 1 : 0]) : this.u32(one),
    )
    return Buffer.concat([this.u32(9), this.u32(code), this.u64(BigInt(items.length)), ...items])
  }

  head = (tensors: bigint, pairs: bigint): Buffer =>
    Buffer.concat([Buffer.from('GGUF'), this.u32(3), this.u64(tensors), this.u64(pairs)])

  file(metadata: Readonly<Record<string, Value>>, tensors: readonly TensorSpec[] = []): Buffer {
    const pairs = Object.entries(metadata).map(([key, value]) => Buffer.concat([this.text(key), this.value(value)]))
    let at = 0
    const infos = tensors.map(({ name, shape, type = 0, block = [1, 4] }) => {
      const dims = shape.map((one) => this.u64(BigInt(one)))
      const info = Buffer.concat([
        this.text(name),
        this.u32(shape.length),
        ...dims,
        this.u32(type),
        this.u64(BigInt(at)),
      ])
      const bytes = (shape.reduce((product, one) => product * one, 1) / block[0]) * block[1]
      at += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
      return info
    })
    const header = Buffer.concat([this.head(BigInt(tensors.length), BigInt(pairs.length)), ...pairs, ...infos])
    const start = Math.ceil(header.length / ALIGNMENT) * ALIGNMENT
    const whole = Buffer.alloc(start + at)
    header.copy(whole)
    return whole
  }

  #f32(value: number): Buffer {
    const bytes = Buffer.alloc(4)
    if (this.#big) bytes.writeFloatBE(value)
    else bytes.writeFloatLE(value)
    return bytes
  }
}

export interface LlamaShape {
  readonly layers: number
  readonly width: number
  readonly heads: number
  readonly kvHeads: number
  readonly context?: number
}

/** A small tokenizer that llama.cpp takes: the bytes, as gpt2 has them. */
export function tokenizer(): Readonly<Record<string, Value>> {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  let spare = 256
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : spare++))
  const tokens = ['<end>', ...bytes, 'ab']
  return {
    'tokenizer.ggml.model': { text: 'gpt2' },
    'tokenizer.ggml.pre': { text: 'qwen2' },
    'tokenizer.ggml.tokens': { list: 'text', of: tokens },
    'tokenizer.ggml.token_type': { list: 'i32', of: tokens.map((_, index) => (index === 0 ? 3 : 1)) },
    'tokenizer.ggml.merges': { list: 'text', of: ['a b'] },
    'tokenizer.ggml.bos_token_id': { u32: 0 },
    'tokenizer.ggml.eos_token_id': { u32: 0 },
  }
}

export const VOCABULARY = 258

/** A model of zeros that llama.cpp loads. */
export function llamaGguf({ layers, width, heads, kvHeads, context = 4096 }: LlamaShape): Buffer {
  const head = width / heads
  const metadata: Record<string, Value> = {
    'general.architecture': { text: 'llama' },
    'general.name': { text: 'zeros' },
    'llama.context_length': { u32: context },
    'llama.embedding_length': { u32: width },
    'llama.block_count': { u32: layers },
    'llama.feed_forward_length': { u32: width * 2 },
    'llama.attention.head_count': { u32: heads },
    'llama.attention.head_count_kv': { u32: kvHeads },
    'llama.attention.layer_norm_rms_epsilon': { f32: 1e-5 },
    'llama.rope.dimension_count': { u32: head },
    'llama.vocab_size': { u32: VOCABULARY },
    ...tokenizer(),
  }
  return new GgufWriter().file(metadata, [...frame(width), ...blocks(layers, width, kvHeads * head, [])])
}

/** One with sliding windows, as gemma3 has them: five layers of six see `window` tokens only. */
export function gemmaGguf({ layers, width, heads, kvHeads, window }: LlamaShape & { readonly window: number }): Buffer {
  const head = width / heads
  const metadata: Record<string, Value> = {
    'general.architecture': { text: 'gemma3' },
    'gemma3.context_length': { u32: 65_536 },
    'gemma3.embedding_length': { u32: width },
    'gemma3.block_count': { u32: layers },
    'gemma3.feed_forward_length': { u32: width * 2 },
    'gemma3.attention.head_count': { u32: heads },
    'gemma3.attention.head_count_kv': { u32: kvHeads },
    'gemma3.attention.key_length': { u32: head },
    'gemma3.attention.value_length': { u32: head },
    'gemma3.attention.sliding_window': { u32: window },
    'gemma3.attention.layer_norm_rms_epsilon': { f32: 1e-6 },
    'gemma3.vocab_size': { u32: VOCABULARY },
    ...tokenizer(),
  }
  const more = [
    ['attn_q_norm', head],
    ['attn_k_norm', head],
    ['post_attention_norm', width],
    ['post_ffw_norm', width],
  ] as const
  return new GgufWriter().file(metadata, [...frame(width), ...blocks(layers, width, kvHeads * head, more)])
}

const frame = (width: number): TensorSpec[] => [
  { name: 'token_embd.weight', shape: [width, VOCABULARY] },
  { name: 'output_norm.weight', shape: [width] },
  { name: 'output.weight', shape: [width, VOCABULARY] },
]

const blocks = (
  layers: number,
  width: number,
  kv: number,
  more: readonly (readonly [name: string, size: number])[],
): TensorSpec[] =>
  Array.from({ length: layers }, (_, layer) => {
    const of = (name: string, ...shape: number[]): TensorSpec => ({ name: `blk.${layer}.${name}.weight`, shape })
    return [
      of('attn_norm', width),
      of('ffn_norm', width),
      of('attn_q', width, width),
      of('attn_k', width, kv),
      of('attn_v', width, kv),
      of('attn_output', width, width),
      of('ffn_gate', width, width * 2),
      of('ffn_up', width, width * 2),
      of('ffn_down', width * 2, width),
      ...more.map(([name, size]) => of(name, size)),
    ]
  }).flat()
