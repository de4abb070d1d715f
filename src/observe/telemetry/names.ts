/** What the GenAI conventions call our endpoints. */

const OPERATIONS: Readonly<Record<string, string>> = {
  chat: 'chat',
  completions: 'text_completion',
  responses: 'chat',
  messages: 'chat',
}

/** By the id of an endpoint; those without a name in the conventions keep their own. */
export const operationOf = (endpoint: string): string => OPERATIONS[endpoint] ?? endpoint

/** Of the requests themselves: they were made to this gateway. */
export const SELF = 'turnout'
