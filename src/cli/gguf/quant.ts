/** The quantisation that the name of a file or a tag says: `Qwen3-8B-Q4_K_M.gguf`, `UD-Q4_K_XL`. Pure. */
const QUANT = /(?:UD-)?(?:I?Q\d(?:_(?:\d|[A-Z]+))*|TQ\d_\d|MXFP\d(?:_MOE)?|BF16|F16|F32|FP16|FP32)/
const IN_NAME = new RegExp(`(?:^|[-._/])(${QUANT.source})(?=[-._/]|$)`, 'gi')
const WHOLE = new RegExp(`^${QUANT.source}$`, 'i')

/** Null: it says none. */
export const quantOf = (name: string): string | null =>
  [...name.replace(/\.gguf$/i, '').matchAll(IN_NAME)].at(-1)?.[1]?.toUpperCase() ?? null

export const isQuant = (tag: string): boolean => WHOLE.test(tag)
