/** Zod's issues in words for people: the value as it stands in the file, what is wrong with it, what to write instead. */
import type { z } from 'zod'
import { type Issue, pathText } from './issues.ts'
import { didYouMean } from './nearest.ts'
import { fileSchema } from './schema.ts'

type ZodIssue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** `source`: the parsed file before variables are put in, so that a message can quote it and not what it stands for. */
export function explain(issue: ZodIssue, source: unknown): Issue[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: pathText([...issue.path, key]),
        message: `there is no such option${didYouMean(key, optionsAt(issue.path), '`')}`,
      }))
    case 'invalid_union':
      return branchOf(issue).flatMap((inner) => explain({ ...inner, path: [...issue.path, ...inner.path] }, source))
    default:
      return [{ path: pathText(issue.path), message: wrong(issue, valueAt(source, issue.path)) }]
  }
}

function wrong(issue: ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_type') {
    const wanted = NOUNS[issue.expected] ?? `a ${issue.expected}`
    if (value === undefined) return `is missing; write ${wanted}`
    if (value === null) return `is empty; write ${wanted}, or leave the option out`
    const instead = issue.message.startsWith('write') ? issue.message : `write ${wanted}`
    // Where a list or a map belongs, a text may be anything: the key itself, for one.
    const shown = issue.expected === 'array' || issue.expected === 'object' ? '' : quoted(issue.path, value)
    return `${shown}is ${nounOf(value)}; ${instead}`
  }
  return `${quoted(issue.path, value)}${complaint(issue, value)}`
}

function complaint(issue: ZodIssue, value: unknown): string {
  if (/^(is|holds) /.test(issue.message)) return issue.message
  if (issue.code === 'too_small') return `is less than ${issue.minimum}`
  if (issue.code === 'too_big') return `is more than ${issue.maximum}`
  if (issue.code === 'invalid_value') {
    const words = issue.values.map(String)
    return `is not one of ${words.join(', ')}${typeof value === 'string' ? didYouMean(value, words, '`', false) : ''}`
  }
  return `is not valid: ${issue.message}`
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

/** Options that hold a secret, or where one is written by mistake. */
const SECRET = /(^|\.)(key|hash|redis)\b|^keys\[\d+\](\.id)?$/

function quoted(path: Path, value: unknown): string {
  if (SECRET.test(pathText(path)) || value === undefined || typeof value === 'object') return ''
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

const valueAt = (source: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    source,
  )
