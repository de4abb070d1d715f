import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ConfigError } from '../../src/config/issues.ts'
import { configOf, type LoadedConfig, parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'

export const ROOT = resolve(import.meta.dirname, '../../..')
export const EXAMPLES = ['minimal', 'local-engines', 'clouds', 'team', 'routing', 'agents', 'full']
export const PROVIDERS = await loadProviders()

/** What the examples take from the environment. */
export const EXAMPLE_ENV = {
  OPENAI_API_KEY: 'sk-openai-test',
  ANTHROPIC_API_KEY: 'sk-anthropic-test',
  GEMINI_API_KEY: 'gemini-test',
  MISTRAL_API_KEY: 'mistral-test',
  GROQ_API_KEY: 'gsk-test',
  AZURE_OPENAI_ENDPOINT: 'https://example.openai.azure.com',
  AZURE_OPENAI_API_KEY: 'azure-test',
  GPU_A_KEY: 'gpu-a-test',
}

type Env = Readonly<Record<string, string | undefined>>

export const exampleText = (name: string): Promise<string> =>
  readFile(resolve(ROOT, `config/examples/${name}.yaml`), 'utf8')

export const load = (text: string, env: Env = {}): LoadedConfig => parseConfig(text, env, PROVIDERS)

/** What is wrong with the text, each issue a line of path and message, in the order of the file; '' where it loads. Any other error passes through. */
export const refusal = (text: string, env: Env = {}): string => refusalOf(() => load(text, env))

/** The same for what was written, as YAML reads it. */
export const refusalOfObject = (written: unknown, env: Env = {}): string =>
  refusalOf(() => configOf({ values: written }, env, PROVIDERS))

function refusalOf(read: () => LoadedConfig): string {
  try {
    read()
    return ''
  } catch (thrown) {
    if (thrown instanceof ConfigError)
      return thrown.issues.map(({ path, message }) => `${path === '' ? '(file)' : path}: ${message}`).join('\n')
    throw thrown
  }
}
