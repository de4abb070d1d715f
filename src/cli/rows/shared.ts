/** Flags that several commands have. */
export const CONFIG = {
  takes: 'FILE',
  short: 'c',
  path: 'file',
  doc: 'the configuration; else TURNOUT_CONFIG, ./turnout.yaml or /etc/turnout/turnout.yaml',
} as const

export const JSON_FLAG = { doc: 'print JSON, for programs' } as const

export const KEY = { takes: 'KEY', doc: 'an API key of the gateway; else TURNOUT_KEY' } as const

/** The model that is asked for. */
export const MODEL = { takes: 'NAME', short: 'm' } as const

/** How far back: `moment.ts` reads it. */
export const SINCE = {
  takes: 'TIME',
  doc: 'from then on: an age (90m, 1h, 7d) or a date (2026-01-31, 2026-01-31T08:00Z; UTC without a zone)',
} as const
