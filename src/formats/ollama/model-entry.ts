/** Models as Ollama lists and describes them, from what the gateway knows of them. Pure. */
import { createHash } from 'node:crypto'
import type { Capability } from '../../core/capabilities.ts'
import type { Deployment } from '../../core/types.ts'
import type { RunningModel } from '../format.ts'

/** Ollama's words, in its order. A model of which nobody said anything is one to chat with. */
const WORDS: readonly (readonly [Capability, string])[] = [
  ['chat', 'completion'],
  ['embeddings', 'embedding'],
  ['tools', 'tools'],
  ['vision', 'vision'],
  ['audio', 'audio'],
  ['reasoning', 'thinking'],
]

/** `since`: epoch seconds. */
export const modelEntry = (name: string, serving: readonly Deployment[], since: number): object => ({
  name,
  model: name,
  modified_at: new Date(since * 1000).toISOString(),
  // Where it lies, and so how large it is there, is known to its engine alone.
  size: 0,
  digest: createHash('sha256').update(name).digest('hex'),
  details: detailsOf(serving),
  capabilities: capabilitiesOf(serving),
})

export const modelList = (entries: readonly object[]): object => ({ models: entries })

/** Templates, licences and weights are its engine's, and are not shown. */
export function shownModel(name: string, serving: readonly Deployment[], since: number): object {
  const architecture = familyOf(serving) || 'unknown'
  const context = contextOf(serving)
  return {
    modelfile: `FROM ${name}`,
    parameters: context === null ? '' : `num_ctx ${context}`,
    template: '',
    details: detailsOf(serving),
    model_info: {
      'general.architecture': architecture,
      'general.basename': name,
      ...(context === null ? {} : { [`${architecture}.context_length`]: context }),
    },
    capabilities: capabilitiesOf(serving),
    modified_at: new Date(since * 1000).toISOString(),
  }
}

/** What Ollama says of a model that stays for ever. */
const FOR_EVER = '2318-01-01T00:00:00Z'

export const runningModels = (models: readonly RunningModel[], since: number): object =>
  modelList(
    models.map(({ name, serving, untilMs }) => ({
      ...modelEntry(name, serving, since),
      expires_at: untilMs === null ? FOR_EVER : new Date(untilMs).toISOString(),
      size_vram: 0,
      context_length: contextOf(serving) ?? 0,
    })),
  )

/** A prompt that is too long for some is given to the others. */
function contextOf(serving: readonly Deployment[]): number | null {
  const contexts = serving.map(({ facts }) => facts.context).filter((context) => context !== null)
  return contexts.length === 0 ? null : Math.max(...contexts)
}

function detailsOf(serving: readonly Deployment[]): object {
  const family = familyOf(serving)
  const sizes = serving.map(({ facts }) => facts.paramsB).filter((size) => size !== null)
  return {
    parent_model: '',
    format: '',
    family,
    families: family === '' ? [] : [family],
    parameter_size: sizes.length === 0 ? '' : `${Math.max(...sizes)}B`,
    quantization_level: '',
  }
}

/** The letters that a name begins with, where all that it leads to agree: `qwen`, `llama`. */
function familyOf(serving: readonly Deployment[]): string {
  const families = new Set(
    serving.map(({ model }) => /^[a-z]+/.exec(model.toLowerCase().replace(/^.*\//, ''))?.[0] ?? ''),
  )
  const [only = ''] = families
  return families.size === 1 ? only : ''
}

function capabilitiesOf(serving: readonly Deployment[]): string[] {
  const can = (capability: Capability): boolean =>
    serving.some(({ facts: { capabilities } }) => {
      const known = capabilities[capability]
      if (known !== undefined || capability !== 'chat') return known === true
      return capabilities.embeddings !== true && capabilities.rerank !== true
    })
  return WORDS.flatMap(([capability, word]) => (can(capability) ? [word] : []))
}
