/** What a caller accepts, with its weights. Pure. */
export interface AcceptRange {
  /** In lower case: `text/plain`, or with `*`. */
  readonly type: string
  /** 0..1; 0 = refused. */
  readonly q: number
}

/** The ranges of an `Accept` header, in its order. */
export const acceptRanges = (accept: string): AcceptRange[] =>
  accept
    .toLowerCase()
    .split(',')
    .map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
      const q = Number(parameters.find((part) => part.startsWith('q='))?.slice('q='.length) ?? 1)
      return { type, q: Number.isFinite(q) ? q : 0 }
    })
