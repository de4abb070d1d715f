/**
 * The line with which Claude Code begins its instructions: who pays, with numbers that change from turn to turn. It is meant for
 * Anthropic alone. In any other prompt it would end every prefix that an engine has cached. Pure.
 */
const HEAD = 'x-anthropic-billing-header:'

/** The same where it does not begin with it. */
export function withoutAttribution(text: string): string {
  if (!text.startsWith(HEAD)) return text
  const end = text.indexOf('\n')
  return end < 0 ? '' : text.slice(end + 1)
}
