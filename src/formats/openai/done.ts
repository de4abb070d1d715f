/** The mark at the end of a stream. */
const DONE_DATA = '[DONE]'

/** Whether `data` is the terminal event; some put more than one space before it. */
export const isDone = (data: string): boolean =>
  data.startsWith(DONE_DATA) || (data.charCodeAt(0) <= 0x20 && data.trimStart().startsWith(DONE_DATA))
export const DONE_EVENT = Buffer.from('data: [DONE]\n\n')
