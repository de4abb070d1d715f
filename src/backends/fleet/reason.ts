/** Why a backend did not answer, in a few words without an address: they are shown in /health. */
import { NO_ANSWER, transportCode, transportWords } from '../../core/transport.ts'

export function reasonOf(thrown: unknown): string {
  if ((thrown as { readonly name?: unknown } | null)?.name === 'TimeoutError') return NO_ANSWER
  const code = transportCode(thrown)
  return code === 'ANSWER_TOO_LARGE' ? 'answer too large' : transportWords(code)
}
