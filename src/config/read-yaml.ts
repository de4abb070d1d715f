/** YAML text -> plain values, with every failure told by its place in the text. */
import { type Document, LineCounter, parseDocument, visit } from 'yaml'
import { ConfigError, type Issue } from './issues.ts'

interface Fault {
  /** Character of the text; null = the whole of it. */
  readonly at: number | null
  readonly message: string
}

/** Throws a ConfigError; its messages never quote the text, which may hold a key. `name` is the file they begin with. */
export function readYaml(text: string, name: string | null): unknown {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  const fault = syntaxFault(document) ?? aliasFault(document)
  const toIssue = ({ at, message }: Fault): Issue => {
    if (at === null) return { path: '', message }
    const { line, col } = lines.linePos(at)
    return { path: `line ${line}, column ${col}`, message }
  }
  if (fault !== null) throw new ConfigError([toIssue(fault)], name)
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown
  } catch (thrown) {
    const merge = /merge/i.test((thrown as Error).message)
    throw new ConfigError([toIssue({ at: null, message: merge ? MERGE : TOO_MUCH })], name)
  }
}

/** The first one: those after it are mostly its echo. */
function syntaxFault({ errors, warnings }: Document): Fault | null {
  // A warning is a tag that means nothing here: `!env NAME` would be the text "NAME".
  const [first] = [...errors, ...warnings].sort((a, b) => a.pos[0] - b.pos[0])
  if (first === undefined) return null
  const code = first.code.toLowerCase().replaceAll('_', ' ')
  return { at: first.pos[0], message: WORDS[first.code] ?? `is not YAML (${code})` }
}

function aliasFault(document: Document): Fault | null {
  let fault: Fault | null = null
  visit(document, {
    Alias(_, node, path) {
      const anchored = node.resolve(document)
      const wrong =
        anchored === undefined ? 'there is no such anchor; a value that begins with "*" needs quotes' : HOLDS
      if (anchored !== undefined && !path.some((outer) => outer === anchored)) return undefined
      fault = { at: node.range?.[0] ?? null, message: wrong }
      return visit.BREAK
    },
  })
  return fault
}

const MERGE = '`<<` merges the options of another map: write an alias of one (`<<: *name`)'
const TOO_MUCH = 'aliases (`*name`) expand to too much; write it out'
const HOLDS = 'the anchor of this alias contains the alias itself'
const NESTED = 'is not YAML; a value that contains ": " needs quotes, and nested options need lines of their own'
const INDENT = 'is not YAML; the indentation does not fit the lines above, or a bracket or quote is not closed'

const WORDS: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'is not YAML; a value that begins with "*" needs quotes',
  BAD_INDENT: INDENT,
  BAD_SCALAR_START: 'is not YAML; a value that begins with "@" or "`" needs quotes',
  BLOCK_AS_IMPLICIT_KEY: NESTED,
  BLOCK_IN_FLOW: NESTED,
  DUPLICATE_KEY: 'this option is written twice in one map',
  MISSING_CHAR: 'is not YAML; a quote, a bracket, a comma or a ":" is missing',
  MULTILINE_IMPLICIT_KEY: 'is not YAML; a ":" is missing, or a quote is not closed',
  MULTIPLE_DOCS: 'a second document begins here; a configuration is one',
  TAB_AS_INDENT: 'a tab cannot indent; write spaces',
  TAG_RESOLVE_FAILED: 'tags like "!name" mean nothing here; a variable is written "${NAME}"',
  UNEXPECTED_TOKEN: 'is not YAML; something does not belong here: inside of { } and [ ] a "${NAME}" needs quotes',
}
