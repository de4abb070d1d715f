/** What a backend says when it fails, in the words of no wire format. */
export interface UpstreamFault {
  readonly message: string
  readonly code: string | null
  readonly type: string | null
  readonly param: string | null
  /** Numeric code inside the body, where it looks like an HTTP status. */
  readonly status: number | null
  /** It says in fields of its own that the prompt was flagged. The text that it quotes is not read. */
  readonly flagged?: boolean
  /** How long to wait, where the body says it and not a header; null or absent: it does not. */
  readonly retryAfterMs?: number | null
}

/** Validators quote what was sent, and a prompt may hold any words. */
export const withoutInput = (message: string): string =>
  message.replace(/(['"]input['"]\s*:|\binput_value=|;? messages = \[).*$/s, '')
