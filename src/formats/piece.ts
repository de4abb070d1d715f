import type { Finish } from '../core/finish.ts'
import type { Seal } from '../core/prompt.ts'

/** What an event, or a whole answer, brings of one choice: neutral, and decoded. In the order in which it came. */
export type Piece = TextPiece | CallPiece | SealPiece | CitationPiece | VectorPiece | EndPiece

export interface TextPiece {
  readonly kind: 'text' | 'thought' | 'refusal'
  readonly choice: number
  /** May be empty where a token is only a part of a character. */
  readonly text: string
  /** Of the tokens of this text; absent where the backend does not tell. */
  readonly logprobs?: readonly TokenLogprob[]
}

export interface LikelyToken {
  readonly token: string
  /** Natural logarithm. */
  readonly logprob: number
  /** Of the token, which may be a part of a character; null: those of its text. */
  readonly bytes: readonly number[] | null
}

export interface TokenLogprob extends LikelyToken {
  /** Tokens that might have stood there, the likeliest first. */
  readonly top: readonly LikelyToken[]
}

/** The first piece of a call has its id and its name; later ones bring more of its arguments. */
export interface CallPiece {
  readonly kind: 'call'
  readonly choice: number
  /** Place of the call among those of its choice. */
  readonly slot: number
  /** Null: more of a call that has begun. `free`: its arguments are free text. */
  readonly begins: { readonly id: string; readonly name: string; readonly free: boolean } | null
  /** JSON, or the next part of it. */
  readonly arguments: string
}

/** Seals the thought that came last, or the call in a slot. A thought of which nothing came before it is hidden. */
export interface SealPiece {
  readonly kind: 'seal'
  readonly choice: number
  readonly slot: number | null
  readonly seal: Seal
}

/** Where something in the text before it was found. */
export interface CitationPiece {
  readonly kind: 'citation'
  readonly choice: number
  readonly url: string
  readonly title: string | null
  /** Characters of the text of the choice, from and to. */
  readonly range: readonly [from: number, to: number] | null
}

/** Of embeddings: what one of the inputs became. `choice`: its place among them. */
export interface VectorPiece {
  readonly kind: 'vector'
  readonly choice: number
  readonly numbers: readonly number[]
}

export interface EndPiece {
  readonly kind: 'end'
  readonly choice: number
  readonly finish: Finish
  /** The stop sequence that was met, where the backend says. */
  readonly stop: string | null
}
