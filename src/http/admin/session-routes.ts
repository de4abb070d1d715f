/** Sessions of agents: what they took and how it went. */
import { z } from 'zod'
import { span } from '../../core/units.ts'
import { callerName } from '../../core/caller-name.ts'
import { GatewayError } from '../../core/errors.ts'
import { parseKeyInput } from '../../keys/key-input.ts'
import type { AdminRoute } from './route.ts'

export interface SessionQueryString {
  /** Time of day, ms: sessions that were active since then; null = all. */
  readonly since: number | null
  readonly sort: string | null
  readonly limit: number
  readonly agent: string | null
  /** Id of a key. */
  readonly key: string | null
  readonly team: string | null
  /** `agent`: a line for each agent. */
  readonly by: string | null
}

export interface SessionBook {
  /** Throws a GatewayError where it cannot sort so. */
  list(query: SessionQueryString): readonly object[]
  get(id: string): object | null
}

const USUAL = 100
const MOST = 1_000

const word = z.string().min(1, 'is empty').max(256, 'is longer than 256 characters').optional()
const query = z.strictObject({
  since: z
    .string()
    .transform((text, context) => {
      const age = span.safeParse(text)
      if (age.success) return Date.now() - age.data
      const moment = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN
      if (!Number.isNaN(moment)) return moment
      context.addIssue({ code: 'custom', message: 'is not a time; write it like "1h", "7d" or "2027-01-31T12:00:00Z"' })
      return z.NEVER
    })
    .optional(),
  sort: word,
  limit: z
    .string()
    .refine((text) => /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST, {
      error: `is not a number from 1 to ${MOST}`,
    })
    .optional(),
  agent: word,
  key: word,
  team: word,
  by: z.enum(['agent']).optional(),
})

/** `sessions` null: the gateway keeps none. */
export const sessionRoutes = (sessions: SessionBook | null): AdminRoute[] => [
  {
    method: 'GET',
    path: '/admin/sessions',
    event: null,
    answer: (request) => {
      const {
        since = null,
        sort = null,
        limit,
        agent = null,
        key = null,
        team = null,
        by = null,
      } = parseKeyInput(query, request.query)
      const asked = { since, sort, limit: limit === undefined ? USUAL : Number(limit), agent, key, team, by }
      return { sessions: there(sessions).list(asked) }
    },
  },
  {
    method: 'GET',
    path: '/admin/sessions/:id',
    event: null,
    answer: ({ params }) => {
      const id = params['id'] ?? ''
      const session = there(sessions).get(id)
      if (session !== null) return { session }
      const name = callerName(id)
      const which = name === null ? 'such session' : `session "${name}"`
      throw new GatewayError('not_found', `There is no ${which}; it may have been too long ago.`)
    },
  },
]

function there(sessions: SessionBook | null): SessionBook {
  if (sessions !== null) return sessions
  throw new GatewayError('not_found', 'This gateway records no sessions.')
}
