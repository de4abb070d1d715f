/** Zod's issues in words for people: the value as it stands in the file, what is wrong with it, what to write instead. */
import type { z } from 'zod'
import { pathText, valueAt } from './file-path.ts'
import { type Issue } from './issues.ts'
import { didYouMean, nearestWord } from '../core/did-you-mean.ts'
import { insteadOf, plainName } from './foreign-names.ts'
import { fileSchema } from './schema.ts'
import { habitWord, plainValue } from './word-habits.ts'
import { ENTITIES } from '../core/budget.ts'

type ZodIssue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** What a message is made from. */
export interface MessageContext {
  /** The parsed file before variables are put in: what a message may quote. */
  readonly written: unknown
  /** The same with the values of variables, which are never quoted. */
  readonly filled: unknown
  readonly kinds: readonly string[]
}

/** What is missing is not told where another name stands for it. */
export function zodMessages(all: readonly ZodIssue[], reading: MessageContext): Issue[] {
  const leaves = all.flatMap(leavesOf)
  const unknown = leaves.flatMap((leaf) =>
    leaf.code === 'unrecognized_keys' ? leaf.keys.map((key) => unknownOption(leaf.path, key)) : [],
  )
  const meant = new Set(unknown.map(({ meant }) => meant))
  const wrongOnes = leaves
    .filter((leaf) => leaf.code !== 'unrecognized_keys')
    .map((leaf) => ({ path: pathText(leaf.path), message: wrong(leaf, reading) }))
    .filter(({ path, message }) => !(message.startsWith('is missing') && meant.has(path)))
  return [...unknown.map(({ issue }) => issue), ...wrongOnes]
}

function unknownOption(parent: Path, key: string): { issue: Issue; meant: string | null } {
  const options = optionsAt(parent)
  const instead = options.includes(plainName(key)) ? `write \`${plainName(key)}\`` : insteadOf(parent, key)
  const meant = options.find((option) => instead?.startsWith(`write \`${option}\``)) ?? nearestWord(key, options)
  const message = `there is no such option${instead === null ? didYouMean(key, options, '`') : `; ${instead}`}`
  return {
    issue: { path: pathText([...parent, key]), message, ofName: true },
    meant: meant === null ? null : pathText([...parent, meant]),
  }
}

/** The issue, or those of the branch of a union that was meant, each with its whole path. */
export function leavesOf(issue: ZodIssue): ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue]
  return branchOf(issue).flatMap((inner) => leavesOf({ ...inner, path: [...issue.path, ...inner.path] }))
}

function wrong(issue: ZodIssue, { written, filled, kinds }: MessageContext): string {
  const value = valueAt(written, issue.path)
  if (issue.code !== 'invalid_type') return `${quoted(issue.path, value)}${complaint(issue, value)}`
  const instead = remedy(issue, kinds, value)
  if (value === undefined) return `is missing; ${instead}`
  if (value === null) return `is empty; ${instead}, or leave the option out`
  // Where a list or a map belongs, a text may be anything: the key itself, for one.
  const open = !['array', 'object', 'record'].includes(issue.expected) || IDS.test(pathText(issue.path))
  const shown = open ? quoted(issue.path, value) : ''
  const meant = valueAt(filled, issue.path)
  if (typeof value === 'string' && meant !== value)
    return `${shown}stands for ${meant === '' ? 'nothing' : nounOf(meant)}; ${instead}`
  return `${shown}is ${nounOf(value)}; ${instead}`
}

function remedy(issue: Extract<ZodIssue, { code: 'invalid_type' }>, kinds: readonly string[], value: unknown): string {
  const { expected, path, message } = issue
  const place = pathText(path)
  if (/^backends\[\d+\]\.kind$/.test(place)) return `write one of ${kinds.join(', ')}`
  const own = OWN.find(([where, when]) => where.test(place) && (when === 'any' || when === kindOf(value)))?.[2]
  if (own !== undefined) return own
  if (message.startsWith('write')) return message
  const noun = NOUNS[expected] ?? `a ${expected}`
  if (expected === 'boolean') return `write ${plainValue(value, 'boolean') ?? noun}`
  if (expected === 'number' || expected === 'int') {
    const number = plainValue(value, 'number')
    return said(
      noun,
      typeof value !== 'string' || (expected === 'int' && number?.includes('.') === true) ? null : number,
    )
  }
  if (value === undefined || value === null) return `write ${noun}`
  return said(noun, SHAPES[`${kindOf(value)} for ${expected === 'array' ? 'list' : 'map'}`] ?? null)
}

const said = (noun: string, how: string | null): string => `write ${noun}${how === null ? '' : `: ${how}`}`

type Kind = 'nothing' | 'list' | 'map' | 'text'

const kindOf = (value: unknown): Kind =>
  value === undefined || value === null
    ? 'nothing'
    : Array.isArray(value)
      ? 'list'
      : typeof value === 'object'
        ? 'map'
        : 'text'

/** Where something of one shape stands for another. The value itself is not shown: it may be anything. */
const SHAPES: Readonly<Record<string, string>> = {
  'map for list': 'each entry begins with "- "',
  'text for list': 'put it in [ ]',
  'list for map': 'lines of "name: value" without "- "',
}

const ENTRIES = 'write a list: each entry begins with "- "'

/** What is written at a place, where that says more. */
const OWN: readonly (readonly [place: RegExp, value: Kind | 'any', remedy: string])[] = [
  [/^backends$/, 'nothing', 'write a list, like [{ name: local, kind: ollama, url: "http://127.0.0.1:11434" }]'],
  [/^(backends|routes|keys|budgets)$/, 'map', ENTRIES],
  [/^(backends|routes|keys|budgets)$/, 'text', ENTRIES],
  [/^backends\[\d+\]$/, 'text', 'write a map, like { name: local, kind: ollama, url: "http://127.0.0.1:11434" }'],
  [/^backends\[\d+\]\.url$/, 'text', 'write scheme, host and port, like "http://127.0.0.1:8000"'],
  [
    /^keys\[\d+\]$/,
    'text',
    'write a map, like { id: NAME, hash: "sha256:.." }; `turnout key new` makes a key and its hash',
  ],
  [/^keys\[\d+\]\.hash$/, 'nothing', 'write "sha256:" and 64 hex digits; `turnout key new` makes a key and its hash'],
  [
    /^models$/,
    'list',
    'write a map by the ids of models, like { llama3: { context: 32768 } }; which models a backend has goes into its own `models`',
  ],
  [/^routes\[\d+\]\.candidates$/, 'nothing', 'write a list of globs over backend/model, like ["local/*"]'],
  [/^(backends|routes|budgets)\[\d+\]\.name$|^keys\[\d+\]\.id$/, 'nothing', 'write a short name'],
  [/^budgets\[\d+\]\.of$/, 'nothing', `write one of ${ENTITIES.join(', ')}`],
]

function complaint(issue: ZodIssue, value: unknown): string {
  if (/^(is|contains|cannot) /.test(issue.message)) return issue.message
  if (issue.code === 'too_small') return `is less than ${issue.minimum}`
  if (issue.code === 'too_big') return `is more than ${issue.maximum}`
  if (issue.code === 'invalid_value') {
    const words = issue.values.map(String)
    return `is not one of ${words.join(', ')}${typeof value === 'string' ? instead(value, words) : ''}`
  }
  return `is not valid: ${issue.message}`
}

function instead(text: string, words: readonly string[]): string {
  const word = habitWord(text, words)
  return word === null ? didYouMean(text, words, '`', false) : `; write \`${word}\``
}

const NOUNS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

const nounOf = (value: unknown): string =>
  typeof value === 'boolean' ? String(value) : (NOUNS[Array.isArray(value) ? 'array' : typeof value] ?? 'wrong')

/** Options that hold a secret, or where one is written by mistake: addresses may carry a password or a token. */
const SECRET = /(^|\.)(key|hash|redis|url|webhook|token)\b|^keys\[\d+\](\.id)?$|^telemetry\.(endpoint|headers)/

/** Ids of keys, which are no secrets. */
const IDS = /^routes\[\d+\]\.match\.key\b/

function quoted(path: Path, value: unknown): string {
  const place = pathText(path)
  if ((SECRET.test(place) && !IDS.test(place)) || value === undefined || typeof value === 'object') return ''
  const text = JSON.stringify(value)
  return `${text.length > 80 ? `${text.slice(0, 77)}..."` : text} `
}

/** The branch of a union that was meant: the one that fails inside and not as a whole. */
function branchOf(issue: Extract<ZodIssue, { code: 'invalid_union' }>): ZodIssue[] {
  const inside = ({ path, code }: ZodIssue): boolean => path.length > 0 || code === 'unrecognized_keys'
  return issue.errors.find((branch) => branch.every(inside)) ?? issue.errors[0] ?? []
}

interface Inside {
  readonly unwrap?: () => unknown
  readonly shape?: Readonly<Record<string, unknown>>
  readonly element?: unknown
  readonly keyType?: { readonly options?: readonly string[] }
  readonly valueType?: unknown
  readonly options?: readonly unknown[]
}

/** Names that are allowed at a path of the file. */
function optionsAt(path: Path): readonly string[] {
  const inside = unwrap(path.reduce((schema: unknown, part) => stepInto(unwrap(schema), part), fileSchema))
  return inside?.shape === undefined ? (inside?.keyType?.options ?? []) : Object.keys(inside.shape)
}

function unwrap(schema: unknown): Inside | undefined {
  const inside = schema as Inside | undefined
  if (inside?.shape !== undefined || inside?.element !== undefined) return inside
  if (typeof inside?.unwrap === 'function') return unwrap(inside.unwrap())
  return inside?.options?.map(unwrap).find((option) => option?.shape !== undefined) ?? inside
}

function stepInto(inside: Inside | undefined, part: PropertyKey): unknown {
  if (typeof part === 'number') return inside?.element
  return inside?.shape === undefined ? inside?.valueType : inside.shape[String(part)]
}
