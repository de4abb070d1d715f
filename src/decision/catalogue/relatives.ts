/** What a name tells of a model that nobody has measured: its family, its version, its size and words such as `mini`. Pure. */

/** Of one maker: what is known of the one says something of the other. */
const KIN: Readonly<Record<string, string>> = {
  mixtral: 'mistral',
  ministral: 'mistral',
  magistral: 'mistral',
  devstral: 'mistral',
  codestral: 'mistral',
  codellama: 'llama',
  codegemma: 'gemma',
  chatgpt: 'gpt',
  qwq: 'qwen',
}
/** A new version is better than the newest that was measured, but nobody knows by how much; very old ones are all the same. */
const NEWER = 0.4
const OLDER = -2.5

const FAMILY = /^([a-z]+)/
/** The first number of the name that is no size, no month and no year: `claude-opus-4.5`, `kimi-k2`, `qwen3-8b`. */
const VERSION = /^[a-z]+(?:-[a-z]{2,})?-?[km]?(?!0\d)(\d{1,2}(?:\.\d+)?)(?![\d.]|b(?:-|$)|x)/
const WORD = /^[a-z]{2,}$/
/** Where a size is known, it says more than these. */
const SIZES = /^(?:nano|micro|mini|lite|small|medium|large|air|plus|max|pro|ultra|super)$/

export interface Relation {
  readonly family: string
  /** Null: the name has none. */
  readonly version: number | null
  readonly words: readonly string[]
}

/** `name`: as of nameOf. */
export function relationOf(name: string): Relation {
  const own = FAMILY.exec(name)?.[1] ?? name
  const version = VERSION.exec(name)?.[1]
  const words = name
    .split('-')
    .slice(1)
    .filter((part) => WORD.test(part))
  return {
    family: KIN[own] ?? own,
    version: version === undefined ? null : Number(version),
    words: own in KIN ? [own, ...words] : words,
  }
}

/** Columns of a linear model and their values; `newest`: version by family. `billions` null: nobody knows. */
export function featuresOf(
  name: string,
  billions: number | null,
  newest: Readonly<Record<string, number>>,
): readonly (readonly [string, number])[] {
  const { family, version, words } = relationOf(name)
  const latest = Object.hasOwn(newest, family) ? newest[family]! : null
  const age = version === null || latest === null ? 0 : Math.min(NEWER, Math.max(OLDER, version - latest))
  return [
    ['any', 1],
    [`family ${family}`, 1],
    ...(latest === null
      ? []
      : ([
          ['version', age],
          [`version of ${family}`, age],
        ] as const)),
    ...(billions === null ? ([['closed', 1]] as const) : ([['size', Math.log10(billions)]] as const)),
    ...[...new Set(words)]
      .filter((word) => billions === null || !SIZES.test(word))
      .map((word) => [`word ${word}`, 1] as const),
  ]
}
