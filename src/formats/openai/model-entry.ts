/** Models as OpenAI lists them, with OpenRouter's extra fields. Pure. */
import type { Capability } from '../../core/capabilities.ts'
import { isLoaded } from '../../core/residency.ts'
import type { Deployment } from '../../core/types.ts'

interface ModelEntry {
  readonly id: string
  readonly object: 'model'
  readonly created: number
  readonly owned_by: string
  readonly backends: readonly string[]
  readonly context_length: number | null
  /** A backend has it in memory; null: nobody tells. */
  readonly loaded: boolean | null
  readonly pricing: {
    readonly prompt: string | null
    readonly completion: string | null
    readonly input_cache_read: string | null
  } | null
  readonly architecture: {
    readonly modality: string
    readonly input_modalities: readonly string[]
    readonly output_modalities: readonly string[]
  }
  readonly supported_parameters: readonly string[]
}

/** `serving`: what a request with this name may be given to. `created`: epoch seconds; `now`: reading of the fleet's clock. */
export function modelEntry(id: string, serving: readonly Deployment[], created: number, now: number): ModelEntry {
  const backends = [...new Set(serving.map((deployment) => deployment.backend.name))]
  const kind = KINDS.find(({ of }) => serving.some((deployment) => of(deployment.facts.capabilities))) ?? OTHER
  // Of a name that leads to several kinds only those are described that a request of its kind may be given to.
  const able = serving.filter((deployment) => kind.of(deployment.facts.capabilities))
  const contexts = able.map((deployment) => deployment.facts.context).filter((context) => context !== null)
  const price = serving.length === 1 ? serving[0]!.facts.price : null
  const can = (capability: Capability): boolean =>
    able.some((deployment) => deployment.facts.capabilities[capability] === true)
  const inputs = ['text', ...(can('vision') ? ['image'] : []), ...(can('audio') ? ['audio'] : [])]
  return {
    id,
    object: 'model',
    created,
    owned_by: backends.length === 1 ? backends[0]! : 'turnout',
    backends,
    // A prompt that is too long for some is given to the others.
    context_length: contexts.length === 0 ? null : Math.max(...contexts),
    loaded: loadedOf(able, now),
    pricing:
      price === null || price.inputPerMtok === null
        ? null
        : {
            prompt: perToken(price.inputPerMtok),
            completion: perToken(price.outputPerMtok),
            input_cache_read: perToken(price.cachedInputPerMtok),
          },
    architecture: {
      modality: `${inputs.join('+')}->${kind.output}`,
      input_modalities: inputs,
      output_modalities: [kind.output],
    },
    supported_parameters: [...kind.parameters, ...(kind === CHATS ? chatParameters(can) : [])],
  }
}

function loadedOf(able: readonly Deployment[], now: number): boolean | null {
  if (able.some(({ residency }) => isLoaded(residency, now))) return true
  return able.some(({ residency: { loaded } }) => loaded === null) ? null : false
}

type Capabilities = Deployment['facts']['capabilities']

interface Kind {
  readonly of: (capabilities: Capabilities) => boolean
  readonly output: string
  /** Those that every model of the kind takes. */
  readonly parameters: readonly string[]
}

const CHATS: Kind = {
  // What nobody said anything of is a chat model; one that is known for something else is not.
  of: ({ chat, embeddings, rerank }) => chat ?? (embeddings !== true && rerank !== true),
  output: 'text',
  parameters: ['max_tokens', 'temperature', 'top_p', 'stop', 'stream'],
}
const OTHER: Kind = { of: () => true, output: 'text', parameters: [] }
const KINDS: readonly Kind[] = [
  CHATS,
  {
    of: ({ embeddings }) => embeddings === true,
    output: 'embeddings',
    parameters: ['dimensions', 'encoding_format'],
  },
  { of: ({ rerank }) => rerank === true, output: 'rerank', parameters: ['top_n', 'return_documents'] },
]

const chatParameters = (can: (capability: Capability) => boolean): string[] => [
  ...(can('tools') ? ['tools', 'tool_choice'] : []),
  ...(can('json_schema') || can('json_object') ? ['response_format'] : []),
  ...(can('json_schema') ? ['structured_outputs'] : []),
  ...(can('logprobs') ? ['logprobs', 'top_logprobs'] : []),
  ...(can('reasoning') ? ['reasoning_effort'] : []),
]

/** USD per token as a decimal string without an exponent, as OpenRouter writes it. */
function perToken(perMtok: number | null): string | null {
  return perMtok === null ? null : (perMtok / 1e6).toFixed(12).replace(/\.?0+$/, '')
}

export const modelList = (entries: readonly object[]): object => ({ object: 'list', data: entries })
