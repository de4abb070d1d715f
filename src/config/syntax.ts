/** What is no YAML: where the mistake is, rather than where a parser stumbles over it, and what to write. Pure. */
import { type Document, visit, type YAMLError } from 'yaml'
import { FOREIGN_NAMES } from './foreign-names.ts'
import { optionNames } from './option-names.ts'

export interface Fault {
  /** Characters of the text. */
  readonly from: number
  readonly until: number
  readonly message: string
  /** It is about no option. */
  readonly ofFile?: true
  /** Nothing after it can be trusted. */
  readonly fatal: boolean
}

/** What parsers tell together with a sound reading: an option twice, a tag. */
const READABLE: ReadonlySet<string> = new Set(['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED'])

/** In the order of the text. Of those that break it only the first: the others are mostly its echo. */
export function syntaxFaults(document: Document, text: string): Fault[] {
  // A warning is a tag that means nothing here: `!env NAME` would be the text "NAME".
  const errors = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])
  const broken = errors.findIndex(({ code }) => !READABLE.has(code))
  const told = broken < 0 ? errors : errors.slice(0, broken + 1)
  const faults = told.map((error) => ({ ...faultOf(error, document, text), fatal: !READABLE.has(error.code) }))
  return broken < 0 ? [...faults, ...aliasFaults(document)] : faults
}

type Told = Omit<Fault, 'fatal'>

function faultOf({ code, pos, message }: YAMLError, document: Document, text: string): Told {
  const [from, end] = pos
  const word = /^[\w.-]+/.exec(text.slice(from))?.[0] ?? ''
  const place = { from, until: Math.max(end, from + word.length) }
  const nearer = READINGS[code]?.({ from, message, document, text }) ?? null
  return nearer ?? { ...place, message: WORDS[code] ?? `is not YAML (${code.toLowerCase().replaceAll('_', ' ')})` }
}

interface Stumble {
  readonly from: number
  readonly message: string
  readonly document: Document
  readonly text: string
}

const asOneLine = ({ text, from }: Stumble): Told | null =>
  noSpace(text, from) ?? noColon(text, from) ?? tooDeep(text, from)

/** What was meant, by the code of the parser; null where only the code can be told. */
const READINGS: Readonly<Record<string, (stumble: Stumble) => Told | null>> = {
  MISSING_CHAR: ({ message, document, text, from }) =>
    /closing .quote/.test(message) ? openQuote(document, text) : (openBracket(text, from) ?? misplaced(text, from)),
  BAD_INDENT: ({ message, text, from }) =>
    message.startsWith('Flow') ? openBracket(text, from) : misplaced(text, from),
  BLOCK_AS_IMPLICIT_KEY: asOneLine,
  MULTILINE_IMPLICIT_KEY: asOneLine,
  MULTIPLE_DOCS: ({ from }) => ({ from, until: from + 3, message: WORDS['MULTIPLE_DOCS']!, ofFile: true }),
  UNEXPECTED_TOKEN: ({ message, text, from }) => {
    if (text[from - 1] === '$') return { from: from - 1, until: from + 1, message: NO_QUOTES }
    return message.includes('at node end') ? { from, until: from + 1, message: NO_COMMA } : null
  },
}

const lineAt = (text: string, at: number): { start: number; line: string } => {
  const start = text.lastIndexOf('\n', at - 1) + 1
  const end = text.indexOf('\n', at)
  return { start, line: text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '') }
}

/** `name:value`: only names that there are, since anything may be a secret. */
function noSpace(text: string, at: number): Told | null {
  const { start, line } = lineAt(text, at)
  const [found, lead = '', name = ''] = /^(\s*(?:- +)?)([\w-]+):(?=[^\s/])/.exec(line) ?? []
  if (found === undefined) return null
  const from = start + lead.length
  const shown = optionNames().has(name) ? `"${name}: "` : '":"'
  return {
    from,
    until: from + name.length + 1,
    message: `a space is missing after the ":"; write ${optionNames().has(name) ? `${shown} and then the value` : 'one'}`,
  }
}

/** `name value`, or `name` and nothing. */
function noColon(text: string, at: number): Told | null {
  const { start, line } = lineAt(text, at)
  const [found, lead = '', name = ''] = /^(\s*(?:- +)?)([\w-]+)(?= |$)(?!\s*:)/.exec(line) ?? []
  if (found === undefined || !(optionNames().has(name) || FOREIGN_NAMES.includes(name))) return null
  const from = start + lead.length
  return { from, until: from + name.length, message: `a ":" is missing; write "${name}: " and then the value` }
}

/** The line after one that has a value already is indented deeper. */
function tooDeep(text: string, at: number): Told | null {
  const { start, line } = lineAt(text, at)
  if (/: .*: /.test(line.slice(at - start - 1))) return null
  const next = start + text.slice(start).indexOf('\n') + 1
  const below = lineAt(text, next)
  const column = /^\s*(?:- +)*/.exec(line)![0].length
  const indent = /^ */.exec(below.line)![0].length
  if (next <= start || indent <= column) return null
  const message = `this line is indented by ${spaces(indent)}, deeper than the one above it, which has a value already; write ${spaces(column)}`
  return { from: below.start, until: below.start + indent, message }
}

/** A line whose indentation fits none of those above. */
function misplaced(text: string, at: number): Told | null {
  const row = lineAt(text, at)
  const indent = /^ */.exec(row.line)![0].length
  const above = text
    .slice(0, row.start)
    .split('\n')
    .filter((line) => /^\s*[^\s#]/.test(line))
  const before = above.at(-1)
  if (before === undefined || row.line.trim() === '') return null
  const column = /^\s*(?:- +)*/.exec(before)![0].length
  if (indent === column) return null
  const message = `this line is indented by ${spaces(indent)}, which fits no line above; write ${spaces(column)}${below(before)}`
  return { from: row.start, until: row.start + Math.max(1, indent), message }
}

/** The option that begins the line above. */
function below(line: string): string {
  const [, name = ''] = /^\s*(?:- +)*([\w-]+):/.exec(line) ?? []
  return optionNames().has(name) ? `, as far as "${name}" above it` : ', as far as the line above it'
}

const spaces = (count: number): string => (count === 1 ? '1 space' : `${count} spaces`)

/** The last quoted text, which goes on to the end. */
function openQuote(document: Document, text: string): Told | null {
  const starts: number[] = []
  visit(document, {
    Scalar(_, node) {
      if (node.range && /["']/.test(text[node.range[0]] ?? '')) starts.push(node.range[0])
    },
  })
  const from = starts.at(-1)
  if (from === undefined) return null
  return {
    from,
    until: from + 1,
    message: 'the quote that opens here is not closed; write it at the end of the value too',
  }
}

const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']' }

/** The innermost bracket that is open before a place. */
function openBracket(text: string, before: number): Told | null {
  const open: number[] = []
  for (const { 0: found, index } of text
    .slice(0, before)
    .matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?<=\s|^)#.*|[[\]{}]/gm)) {
    if (found === '[' || found === '{') open.push(index)
    else if (found === ']' || found === '}') open.pop()
  }
  const from = open.at(-1)
  if (from === undefined) return null
  return {
    from,
    until: from + 1,
    message: `the "${text[from]!}" that opens here is not closed; write "${CLOSING[text[from]!]!}" behind what belongs in it`,
  }
}

function aliasFaults(document: Document): Fault[] {
  const faults: Fault[] = []
  visit(document, {
    Alias(_, node, path) {
      const anchored = node.resolve(document)
      if (anchored !== undefined && !path.some((outer) => outer === anchored)) return
      const [from, until] = node.range ?? [0, 1]
      faults.push({ from, until, message: anchored === undefined ? NO_ANCHOR : HOLDS, fatal: true })
    },
  })
  return faults
}

const NO_ANCHOR = 'there is no such anchor; a value that begins with "*" needs quotes'
const HOLDS = 'the anchor of this alias contains the alias itself; write it out'
const NO_QUOTES = 'inside of { } and [ ] a variable needs quotes; write "${NAME}" with them'
const NO_COMMA = 'is not YAML; a comma is missing before this'
const NESTED = 'is not YAML; a value that contains ": " needs quotes, and nested options need lines of their own'
const STAR = 'a value that begins with "*" needs quotes; write "*"'

const WORDS: Readonly<Record<string, string>> = {
  BAD_ALIAS: STAR,
  BAD_INDENT: 'is not YAML; the indentation does not fit the lines above, or a bracket or quote is not closed',
  BAD_SCALAR_START: 'is not YAML; a value that begins with "@" or "`" needs quotes',
  BLOCK_AS_IMPLICIT_KEY: NESTED,
  BLOCK_IN_FLOW: NESTED,
  DUPLICATE_KEY: 'this option is written twice in one map; write it once',
  MISSING_CHAR: 'is not YAML; a quote, a bracket, a comma or a ":" is missing',
  MULTILINE_IMPLICIT_KEY: 'is not YAML; a ":" is missing, or a quote is not closed',
  MULTIPLE_DOCS: 'a second document begins here; a configuration is one, so take out the "---"',
  TAB_AS_INDENT: 'a tab cannot indent; write spaces',
  TAG_RESOLVE_FAILED: 'tags like "!name" mean nothing here; a variable is written "${NAME}"',
  UNEXPECTED_TOKEN: 'is not YAML; something does not belong here: a bracket, a quote or a comma too many or too few',
}
