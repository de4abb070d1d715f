/** The wire formats that a backend can be called in: `formats/formats.ts` has one entry for each. */
export const FORMAT_NAMES = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini', 'ollama'] as const

export type FormatName = (typeof FORMAT_NAMES)[number]
