/** Texts of the commands about models: those that can be asked, and those that may be run here. */
import { CACHE_TYPES, type CacheType } from '../../gguf/tensor-types.ts'
import { row } from '../command.ts'
import { OWN_CONFIG, URL_FLAG } from './decide.ts'
import { CONFIG, JSON_FLAG, KEY } from './shared.ts'

const ASKING = {
  url: URL_FLAG,
  config: { ...CONFIG, doc: 'look here, by this configuration, and ask no gateway' },
  key: KEY,
} as const

export const MODELS = row({
  name: 'models',
  summary: 'list the models that can be asked, with prices and success',
  about: [
    'It asks the gateway that runs on this machine, at the address of the configuration, and looks itself where none ' +
      'answers; it says which it did. "success" is what is expected over all kinds of requests, with its standard ' +
      'deviation; ? is not known.',
  ],
  args: { part: { takes: 'PART', doc: 'only those that have this in their names' } },
  flags: {
    ...ASKING,
    json: { doc: 'print JSON, with all that is known' },
  },
  either: [OWN_CONFIG],
  examples: [
    { line: 'turnout models', does: 'all of them' },
    { line: 'turnout models qwen', does: 'those of one family' },
  ],
  guesses: ['model', 'list', 'ls', 'ps', 'backends'],
})

const CACHE_WORDS = Object.keys(CACHE_TYPES) as CacheType[]
const MEMORY = { takes: 'SIZE', doc: 'what memory there is, such as 24GiB; else what this machine has' } as const

export const MODELS_SHOW = row({
  name: 'models show',
  summary: 'print what a GGUF is and needs, or a model of the gateway',
  about: [
    'MODEL is a GGUF file (of several parts: any of them), its URL, a model of Hugging Face (org/repo/file.gguf, ' +
      'org/repo:Q4_K_M), of which only the header is fetched, or the name of a model of the gateway. HF_TOKEN and ' +
      'HF_ENDPOINT count as they do elsewhere.',
    'Weights and KV cache are what llama.cpp reserves; each figure says where it is from.',
  ],
  args: { model: { takes: 'MODEL', needed: true, path: 'file', doc: 'a file, a URL, org/repo:QUANT, or a name' } },
  flags: {
    context: {
      takes: 'TOKENS',
      doc: 'of each conversation, such as 32768 or 32k; else what it was trained for, 32k at most',
    },
    slots: { takes: 'COUNT', fallback: '1', doc: 'conversations at once' },
    'cache-k': {
      takes: 'TYPE',
      words: CACHE_WORDS,
      fallback: 'f16',
      doc: `keys are kept in: ${CACHE_WORDS.join(', ')}`,
    },
    'cache-v': { takes: 'TYPE', words: CACHE_WORDS, fallback: 'f16', doc: 'the same of values' },
    memory: MEMORY,
    ...ASKING,
    json: JSON_FLAG,
  },
  either: [OWN_CONFIG],
  examples: [
    { line: 'turnout models show ./Qwen3-8B-Q4_K_M.gguf --context 32k', does: 'a file on the disk' },
    {
      line: 'turnout models show unsloth/Qwen3-8B-GGUF:Q4_K_M --memory 24GiB',
      does: 'on Hugging Face, for another machine',
    },
    { line: 'turnout models show ollama/qwen3:8b', does: 'a model of the gateway' },
  ],
})

export const MODELS_SEARCH = row({
  name: 'models search',
  summary: 'look on Hugging Face for GGUF files that fit here',
  about: [
    'The most downloaded first, each with its quantisations and their sizes. A file fits where the memory holds it and ' +
      'an eighth more: `turnout models show ORG/REPO:QUANT` says it exactly. Exit code 0: there are some; 1: none, or ' +
      'Hugging Face cannot be reached. HF_TOKEN and HF_ENDPOINT count as they do elsewhere.',
  ],
  args: { words: { takes: 'WORD', needed: true, rest: true, doc: 'what their names or tags have' } },
  flags: {
    limit: { takes: 'COUNT', fallback: '5', doc: 'models, 20 at most' },
    memory: MEMORY,
    json: JSON_FLAG,
  },
  examples: [
    { line: 'turnout models search qwen3 8b', does: 'what there is' },
    { line: 'turnout models search gemma --memory 8GiB', does: 'for another machine' },
  ],
})
