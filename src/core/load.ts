/** What a backend is doing, from the decision to the lesson: one value, so that a signal more is not a number more through every type. */
export interface LoadView {
  /** Calls of this gateway that are open, without those that are over by the engine's own gauge: the only signal that every engine has. */
  readonly open: number
  /** Prompt tokens of those calls that the engine has not read yet, without what it is expected to have kept. */
  readonly pending: number
  /** Requests that the engine works on, whoever sent them; null: it does not say. */
  readonly running: number | null
  /** Requests that wait in the engine; null: it does not say. */
  readonly waiting: number | null
  /** Of both, those that did not come from this gateway; null: it does not say. */
  readonly foreign: number | null
  /** Prompt tokens of those that wait in the engine and did not come from this gateway: nobody tells how long they are, so each counts as one of this gateway's. */
  readonly foreignPending: number
  /** Share of the engine's KV cache that is in use, 0..1; null: it does not say. */
  readonly kv: number | null
}

/** Requests that the engine has, as far as is known: calls of this gateway, and what it says to have besides. */
export const atWork = ({ open, foreign }: Pick<LoadView, 'open' | 'foreign'>): number => open + (foreign ?? 0)

/** Nothing is known but the calls of this gateway. */
export const loadOf = (open: number): LoadView => ({
  open,
  pending: 0,
  running: null,
  waiting: null,
  foreign: null,
  foreignPending: 0,
  kv: null,
})
