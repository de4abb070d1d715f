/**
 * Ids of the calls in a conversation. Google's API works without them: results are then matched by the names of their functions, in
 * the order of the calls. Some clients name a result by an id of their own and send the call back without one.
 */
export class CallIds {
  readonly #open: { readonly id: string; readonly name: string }[] = []
  readonly #taken = new Set<string>()
  #made = 0

  /** Of a call of the function `name`; `told`: what the request says. */
  ofCall(told: string | null, name: string): string {
    const id = told !== null && !this.#taken.has(told) ? told : this.#new()
    this.#taken.add(id)
    this.#open.push({ id, name })
    return id
  }

  /** Of the call that a result answers. */
  ofResult(told: string | null, name: string | null): string {
    const byId = told === null ? -1 : this.#open.findIndex(({ id }) => id === told)
    const at = byId >= 0 ? byId : this.#open.findIndex((call) => call.name === name)
    if (at < 0) return told ?? this.#new()
    return this.#open.splice(at, 1)[0]!.id
  }

  #new(): string {
    let id: string
    do id = `call_${this.#made++}`
    while (this.#taken.has(id))
    return id
  }
}
