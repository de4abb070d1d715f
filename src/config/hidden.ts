/** What of a configuration may not be shown in an excerpt: values that are secrets, or that nobody can know to be none. */
import { type Document, isPair, isScalar, type Node, type Pair, type Scalar, visit } from 'yaml'
import { FOREIGN_NAMES } from './foreign-names.ts'
import { optionNames } from './option-names.ts'

export type Range = readonly [from: number, until: number]

/** Options whose texts are secrets, or may carry one. */
const SECRET =
  /^(?:.*_)?(?:api_?)?keys?$|secret|hash|token$|auth|passw|value|redis|webhook|headers?$|endpoint|^database|^db$|^command$/

/** Options that take an address, which may have a password in it, or a token. */
const ADDRESSED = /url|uri|addr|host|base|bind|listen|proxy/

/** A variable, or what others write for one: its name is what the reader looks for. */
const VARIABLE =
  /^["']?(?:\$\{[A-Z_][A-Z0-9_]*\}?|\$\(?[A-Z_][A-Z0-9_]*\)?|(?:os\.environ\/|env\.)[A-Z_][A-Z0-9_]*|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|\{\{ ?[A-Z_][A-Z0-9_]* ?\}\})["']?$/
/** The same before the end of a line of brackets. */
const VARIABLE_FIRST = new RegExp(`${VARIABLE.source.slice(0, -1)}[\\s}\\],]*$`)
const ADDRESS = /^(?:https?|rediss?):\/\/[\w.:[\]-]+(?:\/[\w./-]*)?$/i

/** Of the parts that could be read. */
export function hiddenValues(document: Document): Range[] {
  const plain = plainNames()
  const ranges: Range[] = []
  visit(document, {
    Scalar(place, node, path) {
      if (place === 'key' || isHarmless(node) || !node.range) return
      const name = nearestName(path)
      const ofRoute = path.some((outer) => isPair(outer) && nameOf(outer) === 'match')
      if (name !== null && plain.has(name) && !(ADDRESSED.test(name) && /[@?#]/.test(String(node.value)))) return
      if (ofRoute && name === 'key') return
      ranges.push([node.range[0], node.range[1]])
    },
  })
  return ranges
}

/** In a text that YAML could not make out, whatever stands behind a word like "key". */
const AFTER_NAME =
  /(?:key|token|secret|hash|passw|credential|auth|redis|webhook)\w*["']?\s*[:=]?[ \t]*(?!\s|[[{|>]\s*$)(.+)/gi

/** Shapes of secrets, wherever they stand. */
const SHAPES: readonly RegExp[] = [
  /\b(?:sk|pk|rk|gsk|xai|hf|ghp|pplx|nvapi|csk|tok|key)[-_][\w-]{4,}/gi,
  /\b(?:AIza|eyJ)[\w-]{8,}/g,
  /(?<=\$\{\w*:-)[^}\s]+/g,
  /\bbearer\s+\S+/gi,
  /(?<=\/\/)[^\s/@]+(?=@)/g,
  /(?<=:\/\/\S*)\?[^\s"']*/g,
  /\b(?=\w*\d)(?=\w*[a-z])\w{24,}\b/gi,
]

/** Of one line. `broken`: the text around it is no YAML. */
export function hiddenShapes(line: string, broken: boolean): Range[] {
  const found = SHAPES.flatMap((shape) =>
    [...line.matchAll(shape)].map(({ 0: text, index }): Range => [index, index + text.length]),
  )
  if (!broken) return found
  const behind = [...line.matchAll(AFTER_NAME)].flatMap(({ 0: text, 1: value = '', index }): Range[] =>
    VARIABLE_FIRST.test(value) || /^\d+$/.test(value.trim())
      ? []
      : [[index + text.length - value.length, index + text.length]],
  )
  return [...found, ...behind]
}

const isHarmless = ({ value, source = '' }: Scalar): boolean =>
  typeof value !== 'string' || value.length < 2 || VARIABLE.test(source) || ADDRESS.test(value)

function nearestName(path: readonly (Document | Node | Pair)[]): string | null {
  const pair = path.findLast((outer) => isPair(outer))
  return pair === undefined ? null : nameOf(pair)
}

const nameOf = ({ key }: Pair): string | null => (isScalar(key) ? String(key.value) : null)

/** Names of options, of this gateway and of others, whose values are no secrets. */
const plainNames = (): ReadonlySet<string> =>
  new Set([...optionNames(), ...FOREIGN_NAMES].filter((name) => !SECRET.test(name)))
