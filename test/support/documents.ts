import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../../..')

export interface Document {
  /** Relative to the repository, as `docs/http.md`. */
  readonly path: string
  readonly text: string
}

/** A block between ``` lines. */
export interface Block {
  readonly document: string
  /** Number of its first line, as editors count. */
  readonly line: number
  /** What stands behind the first ```; '' where nothing does. */
  readonly language: string
  readonly text: string
  /** The text between two markers `<!-- output of: .. -->` above the block; null where there is none. */
  readonly outputOf: string | null
}

const inFolder = (folder: string): string[] =>
  readdirSync(join(ROOT, folder))
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file))

/** Every document that a reader of the repository meets. */
export const DOCUMENTS: readonly Document[] = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...inFolder('docs'),
  'docker/README.md',
  'src/README.md',
  'benchmarks/README.md',
  'benchmarks/routing/README.md',
].map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))

export const README: Document = DOCUMENTS[0] ?? { path: 'README.md', text: '' }

export function blocks({ path, text }: Document): Block[] {
  const found: Block[] = []
  let open: { line: number; language: string; lines: string[] } | null = null
  let outputOf: string | null = null
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^ *```(\w*)/.exec(line)
    if (fence === null) {
      open?.lines.push(line)
      if (open === null && line !== '') outputOf = /^<!-- output of: (.*) -->$/.exec(line)?.[1] ?? null
    } else if (open === null) open = { line: index + 2, language: fence[1] ?? '', lines: [] }
    else {
      found.push({ document: path, line: open.line, language: open.language, text: open.lines.join('\n'), outputOf })
      open = null
      outputOf = null
    }
  }
  return found
}

/** The prose alone: blocks of code left out, their lines kept empty. */
export function prose(text: string): string {
  let inside = false
  return text
    .split('\n')
    .map((line) => {
      const fence = /^ *```/.test(line)
      if (fence) inside = !inside
      return fence || inside ? '' : line
    })
    .join('\n')
}

/** What GitHub makes of headings: `## A caller that disconnects` is reached as `#a-caller-that-disconnects`. */
export function anchors(text: string): Set<string> {
  const found = new Set<string>()
  for (const [, heading = ''] of prose(text).matchAll(/^#{1,6} +(.*)$/gm)) {
    const slug = heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-')
    let anchor = slug
    for (let count = 1; found.has(anchor); count++) anchor = `${slug}-${count}`
    found.add(anchor)
  }
  return found
}
