import type { FormatName } from '../../core/format-names.ts'

/** As endpoints and provider files name this format. */
export const GEMINI_NAME = 'gemini' satisfies FormatName
