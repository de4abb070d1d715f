/** A number of 32 bits that has nothing to do with what is in the text (FNV-1a, mixed). Pure. */
export function lotOf(text: string): number {
  let hash = 0x811c9dc5
  for (let place = 0; place < text.length; place++) hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193)
  return mixed(hash) >>> 0
}

/** Each bit depends on all: the finalizer of MurmurHash3. */
export function mixed(value: number): number {
  let bits = value
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}
