/** YAML text -> plain values, with every failure told by its place in the text. */
import { LineCounter, parseDocument } from 'yaml'
import { ConfigError, type Issue } from './issues.ts'
import { SourceText } from './source-text.ts'
import { syntaxFaults } from './syntax.ts'

export interface ReadFile {
  readonly values: unknown
  readonly source: SourceText
  /** Mistakes of the text that leave it readable: an option that is written twice. */
  readonly issues: readonly Issue[]
}

/** Throws a ConfigError where nothing can be read. `name` is the file that messages begin with. */
export function readYaml(text: string, name: string | null): ReadFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  const source = new SourceText(text, document, lines)
  const faults = syntaxFaults(document, text)
  const issues = faults.map(({ from, until, message, ofFile }): Issue => ({
    path: ofFile === true ? '' : source.pathAt(from),
    message,
    place: source.placeAt(from, until),
  }))
  if (faults.some(({ fatal }) => fatal)) throw new ConfigError(issues, name)
  try {
    return { values: document.toJS({ maxAliasCount: 100 }) as unknown, source, issues }
  } catch (thrown) {
    const merge = /merge/i.test((thrown as Error).message)
    throw new ConfigError([...issues, { path: '', message: merge ? MERGE : TOO_MUCH }], name)
  }
}

const MERGE = '`<<` merges the options of another map: write an alias of one (`<<: *name`)'
const TOO_MUCH = 'aliases (`*name`) expand to too much; write it out'
