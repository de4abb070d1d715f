/** What the GenAI conventions call our endpoints and kinds of backends. */

const OPERATIONS: Readonly<Record<string, string>> = {
  chat: 'chat',
  completions: 'text_completion',
  responses: 'chat',
  messages: 'chat',
}

/** By the id of an endpoint; those without a name in the conventions keep their own. */
export const operationOf = (endpoint: string): string => OPERATIONS[endpoint] ?? endpoint

const PROVIDERS: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  gemini: 'gcp.gemini',
  mistral: 'mistral_ai',
  llamacpp: 'llama_cpp',
}

/** By kind of backend; the others are called as the conventions call them, or have no name there. */
export const providerOf = (kind: string): string => PROVIDERS[kind] ?? kind

/** Of the requests themselves: they were made to this gateway. */
export const SELF = 'turnout'
