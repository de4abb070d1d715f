/** Where the bytes of a GGUF are: a file, or something that answers ranges. */
export interface GgufSource {
  /** For people: a path, a URL. */
  readonly name: string
  /** Bytes, all of it. */
  readonly size: number
  /** Bytes from `from` on, `length` of them or as many as there are. Throws a GgufError. */
  read(from: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}
