/** A `.env` file that was read. */
export interface DotEnv {
  readonly path: string
  /** Variables that have their value from it. */
  readonly taken: readonly string[]
  readonly warnings: readonly string[]
}

/** What a command may touch of the world outside. */
export interface Io {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly stdin: AsyncIterable<Buffer | string>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** What of `env` is from a file; absent: nothing. */
  readonly dotEnv?: DotEnv
}
