/** A request for chat with one text and nothing else, as a program of OpenAI's API would send it. */
export const questionOf = (model: string, text: string): Buffer =>
  Buffer.from(JSON.stringify({ model, messages: [{ role: 'user', content: text }] }))
