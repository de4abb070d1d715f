/** What is wrong with a configuration: all of it at once, each with its path in the file and its place in the text. */
import { relative } from 'node:path'
import { wrapped } from '../core/wrapped.ts'
import { type Excerpt, excerptLines } from './excerpt.ts'

export interface Issue {
  /** `backends[1].url`, an option of the command line, or a variable; '' = the whole file. */
  readonly path: string
  /** What is wrong with the value, and what to write instead. Never a secret. */
  readonly message: string
  /** It is about the name of the option and not about its value. */
  readonly ofName?: true
  readonly place?: Place | null
}

export interface Place {
  /** From 1. */
  readonly line: number
  /** Character of the line, from 1. */
  readonly column: number
  readonly excerpt: Excerpt
}

/** Its message is for a terminal: lines of 80 columns, the issues in the order of the file. */
export class ConfigError extends Error {
  readonly issues: readonly Issue[]

  constructor(issues: readonly Issue[], file: string | null = null) {
    super(reportOf(issues, file))
    this.name = 'ConfigError'
    this.issues = issues
  }
}

const WIDTH = 80
const INDENT = '  '

/** Ends without a line end. `file`: null where the issues are about no file. */
function reportOf(issues: readonly Issue[], file: string | null): string {
  const name = file === null ? '' : shortest(file)
  const told = inOrder(issues).map((issue) => paragraph(issue, name))
  return told.join(told.some((text) => text.includes('\n')) ? '\n\n' : '\n')
}

/** What has no place is about the file as a whole, and comes first. */
const inOrder = (issues: readonly Issue[]): readonly Issue[] =>
  issues.toSorted((a, b) => line(a) - line(b) || (a.place?.column ?? 0) - (b.place?.column ?? 0))

const line = ({ place }: Issue): number => place?.line ?? 0

function paragraph({ path, message, place }: Issue, file: string): string {
  const where = [file, ...(place ? [place.line, place.column] : [])].filter((part) => part !== '').join(':')
  const what = [where, path, message].filter((part) => part !== '').join(': ')
  const [first = '', ...rest] = wrapped(what, WIDTH - INDENT.length)
    .trimEnd()
    .split('\n')
  const shown = place ? excerptLines(place.excerpt, place.line, WIDTH - INDENT.length) : []
  return [first, ...[...rest, ...shown].map((text) => INDENT + text)].join('\n')
}

/** As it is written from where the command runs, where that is inside of this folder. */
function shortest(file: string): string {
  const near = relative('', file)
  return near === '' || near.startsWith('..') ? file : near
}
