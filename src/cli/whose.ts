/** What a body does not say of itself: see `endpointOf`. */
export interface Whose {
  readonly endpoint: string | null
  /** Of a body whose API has it in the path. */
  readonly model: string | null
}

export const NOT_SAID: Whose = { endpoint: null, model: null }
