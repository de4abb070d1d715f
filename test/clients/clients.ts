/** The clients of docs/clients.md that `npm run test:clients` installs and runs: one row for each. */
import type { Step } from './judge.ts'

/** Where the programs of a client run: an own environment of Python's, or the one folder of all in JavaScript. */
export type Runtime = 'python' | 'node'

export interface Client {
  readonly id: string
  /** Its heading in docs/clients.md. */
  readonly heading: string
  readonly runtime: Runtime
  /** As the registry names them. The first is the one whose version is told. */
  readonly packages: readonly string[]
  /** In `probes/`. */
  readonly probe: string
  /** What the client itself leaves out or does in its own way, by step: a sentence of its section in docs/clients.md. */
  readonly lacks?: Partial<Readonly<Record<Step, string>>>
  /** Steps that the client has no place for. */
  readonly without?: readonly Step[]
  /** Lists the models with no address and no key in the program: both are in the environment. */
  readonly bare?: string
  /** The name of the file that the first block of its section is; the second one are commands. Elsewhere blocks are programs. */
  readonly file?: string
}

const NO_EMBEDDINGS = ['embedding'] as const

export const CLIENTS: readonly Client[] = [
  {
    id: 'openai-python',
    heading: 'openai (Python)',
    runtime: 'python',
    packages: ['openai'],
    probe: 'openai-python.py',
    bare: 'from openai import OpenAI\nprint(OpenAI().models.list().data)',
  },
  {
    id: 'openai-node',
    heading: 'openai (JavaScript)',
    runtime: 'node',
    packages: ['openai'],
    probe: 'openai-node.mjs',
    bare: "import OpenAI from 'openai'\nconsole.log((await new OpenAI().models.list()).data)",
  },
  {
    id: 'langchain-python',
    heading: 'LangChain (Python)',
    runtime: 'python',
    packages: ['langchain', 'langchain-openai'],
    probe: 'langchain-python.py',
  },
  {
    id: 'langchain-node',
    heading: 'LangChain (JavaScript)',
    runtime: 'node',
    packages: ['langchain', '@langchain/openai', '@langchain/core', 'zod'],
    probe: 'langchain-node.mjs',
  },
  {
    id: 'llamaindex',
    heading: 'LlamaIndex',
    runtime: 'python',
    packages: ['llama-index-core', 'llama-index-llms-openai-like', 'llama-index-embeddings-openai-like'],
    probe: 'llamaindex.py',
    lacks: {
      refused: 'It retries a request that a budget has refused, despite `x-should-retry: false`.',
      leaves: 'The end of a loop over a stream does not end the request.',
    },
  },
  {
    id: 'ai-sdk',
    heading: 'Vercel AI SDK',
    runtime: 'node',
    packages: ['ai', '@ai-sdk/openai-compatible'],
    probe: 'ai-sdk.mjs',
    lacks: { refused: 'It sends a request that a budget has refused three times, despite `x-should-retry: false`' },
  },
  {
    id: 'litellm',
    heading: 'LiteLLM SDK',
    runtime: 'python',
    packages: ['litellm'],
    probe: 'litellm-sdk.py',
  },
  {
    id: 'instructor',
    heading: 'instructor',
    runtime: 'python',
    packages: ['instructor'],
    probe: 'instructor-python.py',
    without: ['whole', 'tool', 'embedding'],
    lacks: { streamed: 'Objects that come in pieces have no token counts' },
  },
  {
    id: 'pydantic-ai',
    heading: 'Pydantic AI',
    runtime: 'python',
    packages: ['pydantic-ai-slim[openai]'],
    probe: 'pydantic-ai.py',
  },
  {
    id: 'llm',
    heading: 'llm',
    runtime: 'python',
    packages: ['llm'],
    probe: 'llm-cli.py',
    file: 'extra-openai-models.yaml',
    without: NO_EMBEDDINGS,
  },
  {
    id: 'anthropic-python',
    heading: 'Anthropic (Python)',
    runtime: 'python',
    packages: ['anthropic'],
    probe: 'anthropic-python.py',
    without: NO_EMBEDDINGS,
    bare: 'from anthropic import Anthropic\nprint(Anthropic().models.list().data)',
  },
  {
    id: 'anthropic-node',
    heading: 'Anthropic (JavaScript)',
    runtime: 'node',
    packages: ['@anthropic-ai/sdk'],
    probe: 'anthropic-node.mjs',
    without: NO_EMBEDDINGS,
    bare: "import Anthropic from '@anthropic-ai/sdk'\nconsole.log((await new Anthropic().models.list()).data)",
  },
  {
    id: 'google-genai-python',
    heading: 'Google Gen AI (Python)',
    runtime: 'python',
    packages: ['google-genai'],
    probe: 'google-genai-python.py',
    bare: 'from google import genai\nclient = genai.Client()\nprint([*client.models.list()])',
    lacks: { waits: 'It does not ask again after a 429.' },
  },
  {
    id: 'google-genai-node',
    heading: 'Google Gen AI (JavaScript)',
    runtime: 'node',
    packages: ['@google/genai'],
    probe: 'google-genai-node.mjs',
    bare: "import { GoogleGenAI } from '@google/genai'\nconsole.log((await new GoogleGenAI({}).models.list()).page)",
    lacks: {
      waits: 'It does not ask again after a 429.',
      leaves: 'The end of a loop over a stream does not end the request; `abortSignal` does.',
    },
  },
  {
    id: 'ollama-python',
    heading: 'Ollama (Python)',
    runtime: 'python',
    packages: ['ollama'],
    probe: 'ollama-python.py',
    bare: 'import ollama\nprint(ollama.list().models)',
    lacks: { waits: 'It does not ask again after a 429.' },
  },
  {
    id: 'ollama-node',
    heading: 'Ollama (JavaScript)',
    runtime: 'node',
    packages: ['ollama'],
    probe: 'ollama-node.mjs',
    lacks: { waits: 'It does not ask again after a 429.' },
  },
]
