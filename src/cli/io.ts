/** What a command may touch of the world outside. */
export interface Io {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly stdin: AsyncIterable<Buffer | string>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}
