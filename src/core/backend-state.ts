/** The states that a backend can be in: one table, of which routing, /health, the metrics and the documents are readings. */

interface StateRow {
  /** It is there and works: it answers a request, or will as soon as it has room. */
  readonly up: boolean
  /** Whoever looks at the backends or at their models is told of it. */
  readonly told: boolean
  readonly means: string
}

export const BACKEND_STATES = {
  unknown: { up: false, told: true, means: 'Nobody has looked yet, and no call of it has ended.' },
  ready: { up: true, told: false, means: 'It answers, and has room.' },
  busy: {
    up: true,
    told: false,
    means: 'It answers, and all its slots are taken, or requests wait in it: those with less to do are asked first.',
  },
  sleeping: {
    up: true,
    told: true,
    means:
      'It has given its memory back. One that wakes at a request is asked as usual, and takes the time to load; one that must be woken by hand comes last.',
  },
  warming_up: { up: false, told: true, means: 'It loads its model; it is asked each second until it is ready.' },
  full: {
    up: true,
    told: true,
    means:
      'It refused a request for want of room. That is no failure: others come first until the time that it named (1 s where it named none), or until it is seen to have room.',
  },
  rate_limited: {
    up: true,
    told: true,
    means: 'It refused a request by a limit of its own: others come first until the time that it named.',
  },
  auth_error: {
    up: false,
    told: true,
    means: 'It refuses its `key`; it is asked again every 30 s, and at once with another key.',
  },
  down: { up: false, told: true, means: 'There is no connection to it, or nothing that answers as it should.' },
} as const satisfies Readonly<Record<string, StateRow>>

export type BackendState = keyof typeof BACKEND_STATES

export const STATE_NAMES = Object.keys(BACKEND_STATES) as readonly BackendState[]

const ROWS: Readonly<Record<string, StateRow>> = BACKEND_STATES

/** A gateway of another version may have other states. */
export const isTold = (state: string): boolean => ROWS[state]?.told ?? true

export const isUp = (state: BackendState): boolean => BACKEND_STATES[state].up
