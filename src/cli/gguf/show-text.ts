/** A model of a GGUF for people, in 80 columns: what it is, what it needs and where each figure comes from. Pure. */
import { wrapped } from '../../core/wrapped.ts'
import type { Abilities } from '../../gguf/chat-template.ts'
import type { ModelShape } from '../../gguf/model-shape.ts'
import { plain, whole } from '../../observe/explain/figures.ts'
import { WIDTH } from '../help-text.ts'
import { bytesText } from './bytes-text.ts'
import { parameterCount } from './parameter-count.ts'
import type { Fit, ShownGguf } from './shown-gguf.ts'

export function ggufText(shown: ShownGguf): string {
  const { shape } = shown
  return [
    wrapped(`${plain(shown.place)}: ${headOf(shown)}`, WIDTH),
    facts(aboutModel(shape, shown)),
    memoryText(shown),
    facts(shown.fit.map((fit) => [fit.name, fitText(fit, shown)])),
    ...(shown.fit.length > 1 ? [LEGEND] : []),
  ].join('\n')
}

const LEGEND = wrapped(
  'A model that does not fit into GPU memory still runs with some of its layers in RAM, several times slower.',
  WIDTH,
)

function headOf({ shape, file_bytes: bytes, parts, big_endian: bigEndian }: ShownGguf): string {
  const active = shape.activeParameters === null ? '' : `, ${parameterCount(shape.activeParameters)} active`
  const [type] = shape.types
  return [
    `${parameterCount(shape.parameters)} parameters${active}`,
    type === undefined ? 'no weights' : `mostly ${type.name}`,
    `${bytesText(bytes)}${parts > 1 ? ` in ${parts} files` : ''}`,
    ...(bigEndian ? ['big-endian: only engines on big-endian machines read it'] : []),
  ].join(', ')
}

type Fact = readonly [name: string, text: string]

function aboutModel(shape: ModelShape, { memory, file_bytes: bytes }: ShownGguf): Fact[] {
  const { heads, experts, attention, tokenizer, abilities } = shape
  const kinds = ['full', 'window', 'recurrent', 'none'] as const
  const of = kinds.flatMap((kind) => {
    const count = attention.layers.filter((layer) => layer.kind === kind).length
    return count === 0 || count === shape.layers ? [] : [`${count} ${KINDS[kind]}`]
  })
  const window = attention.window === null ? [] : [`window of ${whole(attention.window)} tokens`]
  return [
    ['name', plain(shape.name ?? '?')],
    ['architecture', `${shape.architecture}${experts === null ? '' : ', mixture of experts'}`],
    ['layers', [`${shape.layers}`, ...of, ...window].join(', ')],
    [
      'heads',
      `${ranged(heads.query)}, KV heads ${ranged(heads.kv)}, keys of ${whole(heads.keyLength)}, values of ${whole(heads.valueLength)}`,
    ],
    ...(experts === null
      ? []
      : [
          [
            'experts',
            `${experts.count}, ${experts.used ?? '?'} active${experts.shared ? `, ${experts.shared} shared` : ''}`,
          ] as const,
        ]),
    [
      'context',
      shape.context === null
        ? '?'
        : `${whole(shape.context)} tokens in training${shape.ropeScaling === null ? '' : ` (${plain(shape.ropeScaling)})`}`,
    ],
    [
      'quantisation',
      `${shape.types.map(({ name, share }) => `${name} ${sharePart(share)}`).join(', ')} of the weights; ${bitsText(memory.weights, shape, bytes)}`,
    ],
    [
      'tokenizer',
      tokenizer === null
        ? 'none'
        : `${plain(tokenizer.model)}${tokenizer.pre === null ? '' : `, ${plain(tokenizer.pre)}`}, ${whole(shape.vocabulary)} tokens`,
    ],
    ['chat template', templateText(shape.pooling, abilities)],
    ...attention.notes.map((note): Fact => ['note', note]),
  ]
}

const KINDS = {
  full: 'with full attention',
  window: 'with a sliding window',
  recurrent: 'recurrent',
  none: 'without a cache',
} as const

const sharePart = (share: number): string =>
  `${share > 0.999 && share < 1 ? '>99.9' : (share * 100).toFixed(share < 0.1 ? 1 : 0)} %`

const bitsText = (weights: number, { parameters }: ModelShape, bytes: number): string =>
  parameters === 0 ? `${bytesText(bytes)}, header only` : `${((weights * 8) / parameters).toFixed(2)} bits each`

/** `32`, `0 to 8`. */
function ranged(all: readonly number[]): string {
  const [low, high] = [Math.min(...all), Math.max(...all)]
  return low === high ? whole(low) : `${whole(low)} to ${whole(high)}`
}

const ABILITIES: readonly (readonly [keyof Abilities, string])[] = [
  ['system', 'system role'],
  ['tools', 'tools'],
  ['toolCalls', 'tool calls'],
  ['thinking', 'thinking'],
  ['thinkingSwitch', 'switching thinking off'],
  ['images', 'images'],
  ['audio', 'audio'],
]

function templateText(pooling: boolean, abilities: Abilities | null): string {
  if (abilities === null) return pooling ? 'none: an embedding model' : 'none: engines use a default'
  const named = (there: boolean): string =>
    ABILITIES.flatMap(([name, text]) => (abilities[name] === there ? [text] : [])).join(', ')
  const [has, hasNot] = [named(true), named(false)]
  return [
    has === '' ? 'uses no known feature' : has,
    ...(hasNot === '' ? [] : [`no ${hasNot.replaceAll(', ', ', no ')}`]),
  ].join('; ')
}

function memoryText({ shape, memory, asked }: ShownGguf): string {
  const { context, slots, cacheK, cacheV } = asked
  const kept = cacheK === cacheV ? cacheK : `${cacheK} keys, ${cacheV} values`
  const beyond = shape.context !== null && context > shape.context ? ' (more than it was trained for)' : ''
  const head = `memory at a context of ${whole(context)} tokens${beyond}${slots === 1 ? '' : ` in each of ${slots} slots`}, KV cache in ${kept}:`
  const parts: Fact[] = [
    ['weights', 'the tensors of the file'],
    ['KV cache', cacheSource(shape, memory.ofCache)],
    ['compute', 'estimate: logits, widest layer and masks for 512 tokens; on a GPU 0.3 to 0.6 GiB more'],
    ['total', ''],
  ]
  const figures = [memory.weights, memory.cache, memory.compute, memory.total].map(bytesText)
  const width = Math.max(...figures.map(({ length }) => length))
  const lines = parts.map(([name, source], index): Fact => [name, `${figures[index]!.padStart(width)}  ${source}`])
  return wrapped(head, WIDTH) + facts(lines, width + 2)
}

function cacheSource(shape: ModelShape, of: ShownGguf['memory']['ofCache']): string {
  const { layers } = shape.attention
  const count = (kind: string): number => layers.filter((layer) => layer.kind === kind).length
  const full = layers.find((layer) => layer.kind === 'full')
  const parts = [
    ...(full === undefined
      ? []
      : [
          `${layersText(count('full'))} x (${ranged(layers.filter(({ kind }) => kind === 'full').map(({ keys }) => keys))} + ${whole(full.values)}) values x tokens`,
        ]),
    ...(of.window > 0 ? [`${layersText(count('window'))} with a sliding window: ${bytesText(of.window)}`] : []),
    ...(of.state > 0 ? [`${count('recurrent')} recurrent states: ${bytesText(of.state)}`] : []),
  ]
  return parts.length === 0 ? 'no layer caches anything' : parts.join(', ')
}

const layersText = (count: number): string => `${count} ${count === 1 ? 'layer' : 'layers'}`

function fitText(
  { total, free, source, fits, largest_context: largest }: Fit,
  { memory, asked, shape }: ShownGguf,
): string {
  const has = `${bytesText(total)}${free === null ? '' : `, ${bytesText(free)} free now`} (${source})`
  if (!fits)
    return `${has}: does not fit${largest === null ? ' at any context' : `; up to ${whole(largest)} tokens do`}`
  const tight = free !== null && memory.total > free ? ' once other programs free some' : ''
  const more = largest !== null && largest > asked.context && shape.context !== null && asked.context < shape.context
  return `${has}: fits${tight}${more ? `; up to ${whole(largest)} tokens do` : ''}`
}

/** `hang`: how far the further lines of a text are indented. */
function facts(all: readonly Fact[], hang = 0): string {
  const width = Math.min(30, Math.max(...all.map(([name]) => name.length), 0))
  return all
    .map(([name, text]) => {
      const indent = ' '.repeat(width + 4)
      const [first = '', ...rest] = hung(text, WIDTH - width - 4, hang)
      return `  ${name.padEnd(width)}  ${first}`.trimEnd() + '\n' + rest.map((line) => `${indent}${line}\n`).join('')
    })
    .join('')
}

function hung(text: string, width: number, hang: number): string[] {
  const head = text.slice(0, hang)
  const lines = wrapped(text.slice(hang), width - hang)
    .trimEnd()
    .split('\n')
  return lines.map((line, index) => (index === 0 ? head : ' '.repeat(hang)) + line)
}
