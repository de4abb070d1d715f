/** The beginning of a prompt in blocks, as an engine keeps it: what two prompts share shows by their hashes. Plain numbers. */
export interface Prefix {
  /** By block: all that the prompt says up to the end of it, as 32 bits. Prompts that begin alike have the same, whatever model and format. */
  readonly hashes: Int32Array
  /** By block: the same by another sum. */
  readonly checks: Int32Array
  /** By block: where it ends; ascending. */
  readonly ends: Int32Array
  /** All of the prompt, in the unit of `ends`: a share of it is the same share of its tokens. */
  readonly size: number
}

const NONE = new Int32Array(0)
/** Nothing is shared with others. */
export const NO_PREFIX: Prefix = { hashes: NONE, checks: NONE, ends: NONE, size: 1 }
