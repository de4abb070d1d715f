/** Texts of the commands about models: those that the gateway serves, and GGUF files that could run here. */
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
    why: { doc: 'print what is believed of each by task class, and why' },
    json: { doc: 'print JSON, with all that is known' },
  },
  either: [OWN_CONFIG],
  examples: [
    { line: 'turnout models', does: 'all of them' },
    { line: 'turnout models qwen --why', does: 'how good those of one family are believed to be' },
  ],
  guesses: ['model', 'list', 'ls', 'ps', 'backends'],
})

const CACHE_WORDS = Object.keys(CACHE_TYPES) as CacheType[]
const MEMORY = { takes: 'SIZE', doc: 'available memory, such as 24GiB; by default that of this machine' } as const

export const MODELS_SHOW = row({
  name: 'models show',
  summary: 'print a GGUF and what memory it needs, or a model',
  about: [
    'MODEL is a GGUF file (any part of a split one), a URL of one, a model on Hugging Face (org/repo/file.gguf or ' +
      'org/repo:Q4_K_M; only the header is downloaded), or the name of a model of the gateway. HF_TOKEN and ' +
      'HF_ENDPOINT work as in the tools of Hugging Face.',
    'The sizes of weights and KV cache are what llama.cpp reserves; each figure says what it is made of.',
  ],
  args: { model: { takes: 'MODEL', needed: true, path: 'file', doc: 'a file, a URL, org/repo:QUANT, or a name' } },
  flags: {
    context: {
      takes: 'TOKENS',
      doc: 'context per slot, such as 32768 or 32k; by default what it was trained for, at most 32k',
    },
    slots: { takes: 'COUNT', fallback: '1', doc: 'parallel requests' },
    'cache-k': {
      takes: 'TYPE',
      words: CACHE_WORDS,
      fallback: 'f16',
      doc: `type of the cached keys: ${CACHE_WORDS.join(', ')}`,
    },
    'cache-v': { takes: 'TYPE', words: CACHE_WORDS, fallback: 'f16', doc: 'type of the cached values' },
    memory: MEMORY,
    ...ASKING,
    json: JSON_FLAG,
  },
  either: [OWN_CONFIG],
  examples: [
    { line: 'turnout models show ./Qwen3-8B-Q4_K_M.gguf --context 32k', does: 'a file on disk' },
    {
      line: 'turnout models show unsloth/Qwen3-8B-GGUF:Q4_K_M --memory 24GiB',
      does: 'a model on Hugging Face, for another machine',
    },
    { line: 'turnout models show ollama/qwen3:8b', does: 'a model of the gateway' },
  ],
})

export const MODELS_SEARCH = row({
  name: 'models search',
  summary: 'search Hugging Face for GGUF files that fit here',
  about: [
    'The most downloaded come first, each with its quantisations and their sizes. A file counts as fitting if the ' +
      'memory holds its size plus an eighth; `turnout models show ORG/REPO:QUANT` is exact. Exit code 0: some were ' +
      'found; 1: none, or Hugging Face cannot be reached. HF_TOKEN and HF_ENDPOINT work as in the tools of Hugging Face.',
  ],
  args: { words: { takes: 'WORD', needed: true, rest: true, doc: 'words in the name or tags of a model' } },
  flags: {
    limit: { takes: 'COUNT', fallback: '5', doc: 'number of models, at most 20' },
    memory: MEMORY,
    json: JSON_FLAG,
  },
  examples: [
    { line: 'turnout models search qwen3 8b', does: 'GGUF files of a model' },
    { line: 'turnout models search gemma --memory 8GiB', does: 'for another machine' },
  ],
})
