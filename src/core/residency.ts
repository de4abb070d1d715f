/** Whether a model is in the memory of its engine, and what it takes to bring it there. Pure. */
export interface Residency {
  /** As last heard; null: nobody told, so a call may have to wait for it. */
  readonly loaded: boolean | null
  /** Clock reading at which it leaves unless it is asked for before; Infinity: it stays. Of one that is loaded. */
  readonly until: number
  /** What bringing it there takes: as learnt, else by its size. Seconds. */
  readonly loadSeconds: number
}

/** What runs elsewhere, or on an engine that has its model for as long as it runs. */
export const ALWAYS_LOADED: Residency = { loaded: true, until: Infinity, loadSeconds: 0 }

export const isLoaded = ({ loaded, until }: Residency, now: number): boolean => loaded === true && now < until

/** Seconds that a call is expected to wait until its model is loaded. */
export const loadWait = (residency: Residency, now: number): number =>
  isLoaded(residency, now) ? 0 : residency.loadSeconds
