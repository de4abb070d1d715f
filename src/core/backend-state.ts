/** The states that a backend can be in: one table, of which routing, /health, the metrics and the documents are readings. */

interface StateRow {
  /** It is there and works: it answers a request, or will as soon as it has room. */
  readonly up: boolean
  /** Whoever looks at the backends or at their models is told of it. */
  readonly told: boolean
  readonly means: string
}

export const BACKEND_STATES = {
  unknown: { up: false, told: true, means: 'Not checked yet, and no call to it has finished.' },
  ready: { up: true, told: false, means: 'It answers and has free capacity.' },
  busy: {
    up: true,
    told: false,
    means:
      'It answers, but all its slots are taken or requests are queued in it. Less loaded backends are tried first.',
  },
  sleeping: {
    up: true,
    told: true,
    means:
      'It has released its memory. If a request wakes it, it is used as usual, and its load time counts; if it must be woken by hand, it is tried last.',
  },
  warming_up: {
    up: false,
    told: true,
    means: 'It is loading its model. The gateway checks it every second until it is ready.',
  },
  full: {
    up: true,
    told: true,
    means:
      'It refused a request because it has no capacity left. That is not a failure: other backends are tried first for as long as it asked (1 s if it did not say), or until it reports free capacity.',
  },
  rate_limited: {
    up: true,
    told: true,
    means: 'It refused a request because of its own rate limit. Other backends are tried first until the time it gave.',
  },
  auth_error: {
    up: false,
    told: true,
    means: 'It rejects its `key`. The key is tried again every 30 s, and at once after it is changed.',
  },
  down: { up: false, told: true, means: 'It cannot be reached, or does not answer as it should.' },
} as const satisfies Readonly<Record<string, StateRow>>

export type BackendState = keyof typeof BACKEND_STATES

export const STATE_NAMES = Object.keys(BACKEND_STATES) as readonly BackendState[]

const ROWS: Readonly<Record<string, StateRow>> = BACKEND_STATES

/** A gateway of another version may have other states. */
export const isTold = (state: string): boolean => ROWS[state]?.told ?? true

export const isUp = (state: BackendState): boolean => BACKEND_STATES[state].up
