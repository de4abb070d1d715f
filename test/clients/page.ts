/** docs/clients.md: what it shows of each client. */
import { type Block, blocks, type Document, DOCUMENTS } from '../support/documents.ts'

export const PAGE: Document = DOCUMENTS.find(({ path }) => path === 'docs/clients.md') ?? { path: '', text: '' }

export interface Section {
  readonly heading: string
  /** Its text, blocks included. */
  readonly text: string
  readonly blocks: readonly Block[]
}

/** By `###` headings. */
export const SECTIONS: readonly Section[] = PAGE.text
  .split(/^(?=#{2,3} )/m)
  .filter((text) => text.startsWith('### '))
  .map((text) => ({
    heading: /^### (.*)/.exec(text)?.[1] ?? '',
    text,
    blocks: blocks({ path: PAGE.path, text }),
  }))

/** The variables that set up programs which name no address. */
export const ENVIRONMENT: Readonly<Record<string, string>> = Object.fromEntries(
  blocks(PAGE)
    .filter(({ text }) => /^export /.test(text))
    .flatMap(({ text }) => [...text.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value])),
)
