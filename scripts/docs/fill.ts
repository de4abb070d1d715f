/** Puts generated blocks between their markers: `<!-- name -->` .. `<!-- /name -->` in Markdown, `# <name>` .. `# </name>` in YAML. */
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { format } from 'prettier'
import { BLOCKS } from './blocks.ts'

/** Of the checkout, from build/scripts/docs. */
export const ROOT = resolve(import.meta.dirname, '../../..')

type Blocks = Readonly<Record<string, () => string>>

/** Every document that may hold generated blocks, relative to the root. */
export async function documents(): Promise<string[]> {
  const [docs, examples] = await Promise.all([namesOf('docs', '.md'), namesOf('config/examples', '.yaml')])
  return [
    'README.md',
    'CONTRIBUTING.md',
    ...docs,
    'docker/README.md',
    'src/README.md',
    'docker/compose.yaml',
    ...examples,
  ]
}

const namesOf = async (folder: string, ending: string): Promise<string[]> =>
  (await readdir(join(ROOT, folder)))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => `${folder}/${name}`)

export const read = (document: string): Promise<string> => readFile(join(ROOT, document), 'utf8')

/** Names of the blocks that a text has. */
export const namesIn = (text: string, blocks: Blocks = BLOCKS): string[] =>
  Object.keys(blocks).filter((name) => new RegExp(`^ *${opening(name)}$`, 'm').test(text))

/** The text with all its blocks as they are now. Throws where a block has no end. */
export async function filled(text: string, blocks: Blocks = BLOCKS): Promise<string> {
  let result = text
  for (const name of namesIn(text, blocks)) {
    const whole = new RegExp(`^( *)${opening(name)}\\n[^]*?^ *${closing(name)}$`, 'gm')
    if (result.match(whole) === null) throw new Error(`the block "${name}" has no end: write <!-- /${name} -->`)
    const made = blocks[name]!()
    const table = `\n${await format(made, { parser: 'markdown' })}\n`
    result = result.replace(whole, (_all, indent: string, first: string, last: string) => {
      const body = first.startsWith('#') ? `${made}\n`.replace(/^(?=.)/gm, indent) : table
      return `${indent}${first}\n${body}${indent}${last}`
    })
  }
  return result
}

const opening = (name: string): string => `(<!-- ${name} -->|# <${name}>)`
const closing = (name: string): string => `(<!-- /${name} -->|# </${name}>)`
