/** What a simulated fleet is made of, and how it is written: `6x1`, `2,2,1,1,.5,.5`, `2x1,4x.5@ollama,1@cloud`. Pure. */

/**
 * How engines of a kind work. `slots`: calls at a time, from the first token read to the last one written; null: all of them go
 * into one batch. `loadSeconds`: to load a model, of which one is loaded at a time; null: all models are loaded.
 */
export interface EngineModel {
  /** Prompt tokens read in a second, one prompt after the other. */
  readonly prefill: number
  /** Seconds for each output token: so much, and so much more for each call in the batch. */
  readonly tokenSeconds: number
  readonly batchSeconds: number
  /** Blocks of prompts that are kept. */
  readonly cacheBlocks: number
  readonly slots: number | null
  readonly loadSeconds: number | null
}

/** A cloud: it begins soon whatever else it does, keeps nothing, and refuses what comes above its limit with 429. */
export interface CloudModel {
  /** Seconds until the first token: so much, and so much for each prompt token. */
  readonly startSeconds: number
  readonly inputSeconds: number
  readonly tokenSeconds: number
  /** Requests that it takes in any minute. */
  readonly perMinute: number
}

export interface Member {
  readonly kind: EngineKind | 'cloud'
  /** Of the prefill; of a cloud, of its limit. */
  readonly speed: number
}

export type EngineKind = keyof typeof ENGINE_MODELS

const VLLM: EngineModel = {
  prefill: 8000,
  tokenSeconds: 0.02,
  batchSeconds: 0.0005,
  cacheBlocks: 3000,
  slots: null,
  loadSeconds: null,
}

export const ENGINE_MODELS = {
  vllm: VLLM,
  ollama: { ...VLLM, slots: 4, loadSeconds: 8 },
} as const satisfies Readonly<Record<string, EngineModel>>

export const CLOUD_MODEL: CloudModel = { startSeconds: 0.6, inputSeconds: 0.00003, tokenSeconds: 0.015, perMinute: 60 }

const KINDS = [...Object.keys(ENGINE_MODELS), 'cloud'] as Member['kind'][]
const MOST_MEMBERS = 128
const PART = /^(?:(\d+)x)?(\d+\.?\d*|\.\d+)(?:@([a-z]+))?$/

/** The members, or what is wrong with the text. */
export function fleetOf(text: string): readonly Member[] | string {
  const members: Member[] = []
  for (const part of text.split(',').map((one) => one.trim())) {
    const [, count = '1', speed = '', kind = 'vllm'] = PART.exec(part) ?? []
    const known = KINDS.find((one) => one === kind)
    if (known === undefined) return `"${kind}" is no kind of engine; there are ${KINDS.join(', ')}`
    if (!(Number(speed) > 0) || !(Number(count) > 0))
      return `"${part}" is no engine; write speeds like 2,1,.5, or 4x1 for four of one speed, or 4x1@ollama`
    if (members.length + Number(count) > MOST_MEMBERS) return `has more than ${MOST_MEMBERS} engines`
    for (let at = 0; at < Number(count); at++) members.push({ kind: known, speed: Number(speed) })
  }
  return members
}
