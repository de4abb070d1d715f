/** An address in a message. One that may hold a password, or a token in its query, is not shown. */
export const quotedUrl = (text: string): string => (/[@?#]/.test(text) ? 'what is given' : `"${text}"`)
