/** What is wrong with a configuration: all of it at once, each with its path in the file. */
export interface Issue {
  /** `backends[1].url`, or an option of the command line. */
  readonly path: string
  /** What is wrong with the value, and what to write instead. Never a secret. */
  readonly message: string
}

export class ConfigError extends Error {
  readonly issues: readonly Issue[]

  constructor(issues: readonly Issue[], file: string | null = null) {
    super(
      [
        ...(file === null ? [] : [`${file}:`]),
        ...issues.map(({ path, message }) => `${path === '' ? '(file)' : path}: ${message}`),
      ].join('\n'),
    )
    this.name = 'ConfigError'
    this.issues = issues
  }
}

/** ['backends', 1, 'url'] -> 'backends[1].url'; keys that are no plain words are quoted. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    const name = String(part)
    if (!/^[\w-]+$/.test(name)) return `${text}[${JSON.stringify(name)}]`
    return text === '' ? name : `${text}.${name}`
  }, '')
}
