/** An expected failure of `turnout explain`, in words for the terminal. */
export class ExplainError extends Error {}
