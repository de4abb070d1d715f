/** The tokens of the simulations: short pieces of text that give the text again when put together. */

const PIECE = /\s?[\p{L}\p{N}]{1,6}|\s?[^\s\p{L}\p{N}]|\s+/gu

export function tokenize(text: string): string[] {
  return text.match(PIECE) ?? []
}

export function countTokens(text: string): number {
  return tokenize(text).length
}
