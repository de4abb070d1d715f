/** What a GGUF says of its model: its architecture, its tokenizer, its quantisation. Null: it does not say. Pure. */
import { type Attention, attentionOf, type Heads } from './attention.ts'
import { GgufError } from './gguf-error.ts'
import type { Metadata } from './metadata.ts'
import type { GgufFile } from './open-gguf.ts'
import { TENSOR_TYPES } from './tensor-types.ts'
import { type Abilities, abilitiesOf } from './chat-template.ts'

export interface ModelShape {
  readonly architecture: string
  readonly name: string | null
  readonly parameters: number
  /** That work on each token, where there are experts. */
  readonly activeParameters: number | null
  readonly layers: number
  /** Width of the residual stream. */
  readonly width: number
  /** Width between the two matrices of a layer's feed-forward part; of experts: of those that work on a token. */
  readonly feedForward: number
  readonly vocabulary: number | null
  readonly heads: Heads
  readonly experts: { readonly count: number; readonly used: number | null; readonly shared: number | null } | null
  /** Tokens that it was trained for. */
  readonly context: number | null
  /** How its positions are stretched: `yarn x4 from 32768`. */
  readonly ropeScaling: string | null
  /** Of each type of tensors the share of the weights, the largest first. */
  readonly types: readonly { readonly name: string; readonly share: number }[]
  readonly tokenizer: { readonly model: string; readonly pre: string | null } | null
  /** Null: it has no chat template. */
  readonly abilities: Abilities | null
  readonly attention: Attention
  /** It makes vectors, not text. */
  readonly pooling: boolean
}

/** No model has more. */
const MOST_LAYERS = 10_000
const MOST_WIDTH = 2 ** 24

/** `files`: the parts of a model; the first says what it is. Throws a GgufError. */
export function modelShape(files: readonly GgufFile[]): ModelShape {
  const { metadata } = files[0]!
  const arch = metadata.text('general.architecture')
  if (arch === null || !/^[\w.-]{1,64}$/.test(arch))
    throw new GgufError('it names no architecture (general.architecture): it is not a language model')
  const read = (name: string): number | null => metadata.number(`${arch}.${name}`)
  const layers = counted(read('block_count'), `${arch}.block_count`, MOST_LAYERS)
  const width = counted(read('embedding_length'), `${arch}.embedding_length`, MOST_WIDTH)
  const heads = headsOf(metadata, arch, layers, width)
  const experts = read('expert_count') ?? 0
  const { parameters, active, types } = weightsOf(files, experts, read('expert_used_count'))
  const tokenizer = metadata.text('tokenizer.ggml.model')
  const template = metadata.text('tokenizer.chat_template')
  return {
    architecture: arch,
    name: metadata.text('general.name'),
    parameters,
    activeParameters: active,
    layers,
    width,
    feedForward: Math.max(
      0,
      ...(metadata.perLayer(`${arch}.feed_forward_length`, layers) ?? []),
      (read('expert_feed_forward_length') ?? 0) * (read('expert_used_count') ?? 1),
    ),
    vocabulary: metadata.length('tokenizer.ggml.tokens') ?? read('vocab_size'),
    heads,
    experts:
      experts > 0 ? { count: experts, used: read('expert_used_count'), shared: read('expert_shared_count') } : null,
    context: read('context_length'),
    ropeScaling: ropeScaling(metadata, arch),
    types,
    tokenizer: tokenizer === null ? null : { model: tokenizer, pre: metadata.text('tokenizer.ggml.pre') },
    abilities: template === null ? null : abilitiesOf(template),
    attention: attentionOf(metadata, arch, layers, width, heads),
    pooling: read('pooling_type') !== null || metadata.flag(`${arch}.attention.causal`) === false,
  }
}

function counted(value: number | null, name: string, most: number): number {
  if (value === null) throw new GgufError(`it does not say ${name}: it is not a language model`)
  if (Number.isInteger(value) && value > 0 && value <= most) return value
  throw new GgufError(`its ${name} is ${value}, which no model has`)
}

function headsOf(metadata: Metadata, arch: string, layers: number, width: number): Heads {
  const read = (name: string): number | null => metadata.number(`${arch}.attention.${name}`)
  const query = metadata.perLayer(`${arch}.attention.head_count`, layers) ?? Array.from({ length: layers }, () => 0)
  const kv = metadata.perLayer(`${arch}.attention.head_count_kv`, layers) ?? query
  const most = Math.max(0, ...query)
  const usual = most > 0 ? width / most : 0
  const keyLength = read('key_length') ?? usual
  const valueLength = read('value_length') ?? usual
  for (const one of [...query, ...kv, keyLength, valueLength])
    if (!(one >= 0 && one <= MOST_WIDTH))
      throw new GgufError(`it says ${one} heads or values of a head, which no model has`)
  return {
    query,
    kv,
    keyLength,
    valueLength,
    keyLengthSwa: read('key_length_swa') ?? keyLength,
    valueLengthSwa: read('value_length_swa') ?? valueLength,
  }
}

function weightsOf(
  files: readonly GgufFile[],
  experts: number,
  used: number | null,
): { parameters: number; active: number | null; types: ModelShape['types'] } {
  const byType = new Map<string, number>()
  let [parameters, ofExperts] = [0, 0]
  for (const { name, shape, dtype } of files.flatMap(({ tensors }) => tensors)) {
    const weights = shape.reduce((product, one) => product * Number(one), 1)
    const type = TENSOR_TYPES.get(dtype)?.name ?? `type ${dtype}`
    byType.set(type, (byType.get(type) ?? 0) + weights)
    parameters += weights
    if (/_exps\b/.test(name)) ofExperts += weights
  }
  const types = [...byType].map(([name, weights]) => ({ name, share: weights / Math.max(1, parameters) }))
  const active = experts > 0 && used !== null ? parameters - ofExperts * (1 - Math.min(1, used / experts)) : null
  return { parameters, active, types: types.sort((a, b) => b.share - a.share) }
}

function ropeScaling(metadata: Metadata, arch: string): string | null {
  const type = metadata.text(`${arch}.rope.scaling.type`)
  if (type === null || type === 'none') return null
  const factor = metadata.number(`${arch}.rope.scaling.factor`)
  const from = metadata.number(`${arch}.rope.scaling.original_context_length`)
  return `${type.slice(0, 20)}${factor === null ? '' : ` x${factor}`}${from === null ? '' : ` from ${from}`}`
}
