import type { Finish } from '../core/finish.ts'

/** What an event, or a whole answer, brings of one choice: neutral, and decoded. */
export type Piece =
  | { readonly kind: 'text' | 'thought' | 'refusal'; readonly choice: number; readonly text: string }
  | CallPiece
  | { readonly kind: 'end'; readonly choice: number; readonly finish: Finish }

/** The first piece of a call has its id and its name; later ones bring more of its arguments. */
export interface CallPiece {
  readonly kind: 'call'
  readonly choice: number
  /** Place of the call among those of its choice. */
  readonly slot: number
  /** Null: more of a call that has begun. */
  readonly begins: { readonly id: string; readonly name: string } | null
  /** JSON, or the next part of it. */
  readonly arguments: string
}
