/** What the table of commands says of each, and what a call of one comes to. */
import type { Io } from './io.ts'

/** Something that stands behind a command: a flag with a value, or a word. */
interface Value {
  readonly doc: string
  /** What stands for the value in texts: `FILE`. Not needed where `words` says them all. */
  readonly takes?: string
  readonly needed?: true
  /** The only values that there are. */
  readonly words?: readonly string[]
  /** Values that a shell offers, among others; or the names of all commands. */
  readonly hints?: readonly string[] | 'commands'
  /** What a shell offers from the disk. */
  readonly path?: 'file' | 'folder'
}

/** Without `takes` and `words` it is on or off. */
export interface FlagRow extends Value {
  /** One letter: `-c`. */
  readonly short?: string
  /** May be given several times. */
  readonly many?: true
  /** What holds where it is not given. */
  readonly fallback?: string
}

export interface ArgRow extends Value {
  readonly needed?: true
  /** All words from here on, with spaces between them: a text that somebody may not have put into quotes. */
  readonly rest?: true
}

export type Flags = Readonly<Record<string, FlagRow>>
export type Args = Readonly<Record<string, ArgRow>>

export interface Example {
  /** A line of a shell. */
  readonly line: string
  readonly does: string
}

export interface Row<F extends Flags = Flags, A extends Args = Args> {
  /** One word, or that of a group and one more: `serve`, `key create`. */
  readonly name: string
  /** Begins with a verb, has no full stop. */
  readonly summary: string
  /** Paragraphs. */
  readonly about?: readonly string[]
  /** What stands behind it without a dash, in this order. */
  readonly args: A
  readonly flags: F
  /** Flags that take long to load, and are loaded where they are asked for. */
  readonly moreFlags?: () => Promise<Flags>
  /** Flags, and words, that do not go together, and why. */
  readonly either?: readonly {
    readonly flags: readonly string[]
    readonly args?: readonly string[]
    readonly why: string
  }[]
  readonly examples: readonly Example[]
  /** Flags of other commands that it has not -> what to do. */
  readonly instead?: Readonly<Record<string, string>>
  /** Other names that somebody may try first. */
  readonly guesses?: readonly string[]
}

type Word<V> = V extends { readonly words: readonly (infer W)[] } ? W : string
type Sure<V> = V extends { readonly needed: true } | { readonly fallback: string } ? never : undefined
type FlagValue<V> = V extends { readonly takes: string } | { readonly words: readonly string[] }
  ? (V extends { readonly many: true } ? readonly Word<V>[] : Word<V>) | Sure<V>
  : boolean

/** What was asked for, checked against the row. */
export interface Call<F extends Flags = Flags, A extends Args = Args> {
  readonly flags: { readonly [N in keyof F]: FlagValue<F[N]> }
  readonly args: { readonly [N in keyof A]: Word<A[N]> | Sure<A[N]> }
  /** Of `moreFlags`, those that were given. */
  readonly more: Readonly<Record<string, string | readonly string[]>>
}

export type CallOf<R> = R extends Row<infer F, infer A> ? Call<F, A> : never

/** Resolves with the exit code: 0 done, 1 failed. Throws a UsageError where the call makes no sense (exit code 2). */
export type Run<R> = (call: CallOf<R>, io: Io) => Promise<number>

export interface Command extends Row {
  readonly run: (argv: readonly string[], io: Io) => Promise<number>
}

/** Commands of two words. The first may have the name of the group: what it does without a second word. */
export interface Group {
  readonly name: string
  readonly summary: string
  readonly commands: readonly Command[]
}

export interface Section {
  readonly title: string
  readonly entries: readonly (Command | Group)[]
}

/** Wrong usage: what is wrong, in one sentence without a full stop. */
export class UsageError extends Error {}

export const row = <const F extends Flags, const A extends Args>(row: Row<F, A>): Row<F, A> => row
