import t from 'tap'
import type { EngineReading, ModelReading } from '../../src/core/engine-reading.ts'
import { UNTOLD } from '../../src/core/engine-reading.ts'
import { crowdOf, hasRoom, isAsleep, stateOf, type StateFacts } from '../../src/backends/fleet/state-of.ts'

const NOW = 1_000_000
const THERE = { is: 'there', note: null } as const
const FACTS: StateFacts = {
  presence: THERE,
  key: null,
  pause: null,
  sleeping: false,
  busy: { reason: '', until: -Infinity },
  wakes: true,
}
const FULL = { state: 'full', reason: null, from: NOW - 500, until: NOW + 500 } as const
const LIMITED = { state: 'rate_limited', reason: 'no credit left', from: NOW, until: NOW + 20_000 } as const
const BUSY = { reason: 'all its slots are taken', until: NOW + 2_000 }
const KEY = { reason: 'HTTP 401: its `key` is refused', until: NOW + 30_000 }
const MINUTES = 60_000

t.test('facts -> state, reason, until', async (t) => {
  const cases: readonly (readonly [
    what: string,
    facts: Partial<StateFacts>,
    state: string,
    reason: string | null,
    until: number | null,
  ])[] = [
    ['nothing is known', { presence: { is: 'unknown' } }, 'unknown', null, null],
    ['it answers', {}, 'ready', null, null],
    ['it answers as another kind', { presence: { is: 'there', note: 'this is vLLM' } }, 'ready', 'this is vLLM', null],
    ['it has no free slot', { busy: BUSY }, 'busy', BUSY.reason, null],
    ['it had none a while ago', { busy: { ...BUSY, until: NOW } }, 'ready', null, null],
    ['it sleeps', { sleeping: true }, 'sleeping', 'it wakes at a request', null],
    ['it sleeps soundly', { sleeping: true, wakes: false }, 'sleeping', 'it must be woken by hand', null],
    [
      'it sleeps, and was busy until just now',
      { sleeping: true, busy: BUSY },
      'sleeping',
      'it wakes at a request',
      null,
    ],
    ['it loads', { presence: { is: 'loading', since: NOW - MINUTES } }, 'warming_up', 'loading', null],
    [
      'it loads for ever',
      { presence: { is: 'loading', since: NOW - 5 * MINUTES } },
      'down',
      'loading for more than 5 minutes',
      null,
    ],
    ['it was full', { pause: FULL }, 'full', null, FULL.until],
    ['it was full, and has told no time', { pause: { ...FULL, until: NOW } }, 'ready', null, null],
    ['it is full while it counts as busy', { pause: FULL, busy: BUSY }, 'full', null, FULL.until],
    ['it is at a limit', { pause: LIMITED }, 'rate_limited', 'no credit left', LIMITED.until],
    [
      'nobody has looked, and it is at a limit',
      { presence: { is: 'unknown' }, pause: LIMITED },
      'rate_limited',
      'no credit left',
      LIMITED.until,
    ],
    [
      'it loads, and refused for want of room',
      { presence: { is: 'loading', since: NOW }, pause: FULL },
      'warming_up',
      'loading',
      null,
    ],
    ['it refuses the key of a call', { key: KEY }, 'auth_error', KEY.reason, KEY.until],
    ['it did so long ago', { key: { ...KEY, until: NOW - 1 } }, 'auth_error', KEY.reason, NOW - 1],
    ['it refuses the key, and is at a limit', { key: KEY, pause: LIMITED }, 'auth_error', KEY.reason, KEY.until],
    [
      'it refuses the key of a look',
      { presence: { is: 'locked', reason: 'HTTP 403' } },
      'auth_error',
      'HTTP 403',
      null,
    ],
    ['it is gone', { presence: { is: 'away', reason: 'connection refused' } }, 'down', 'connection refused', null],
    [
      'it is gone, whatever was known of it',
      { presence: { is: 'away', reason: 'no connection' }, key: KEY, pause: LIMITED, busy: BUSY, sleeping: true },
      'down',
      'no connection',
      null,
    ],
  ]
  for (const [what, facts, state, reason, until] of cases)
    t.match(stateOf({ ...FACTS, ...facts }, NOW), { state, reason, until }, what)
})

t.test('a state that ends by the time alone tells when, and is another one then', async (t) => {
  for (const facts of [
    { busy: BUSY },
    { pause: FULL },
    { pause: LIMITED },
    { presence: { is: 'loading', since: NOW } },
  ] as const) {
    const all = { ...FACTS, ...facts }
    const { state, next } = stateOf(all, NOW)
    t.equal(stateOf(all, next! - 1).state, state)
    t.not(stateOf(all, next!).state, state)
  }
  for (const facts of [{}, { key: KEY }, { sleeping: true }, { presence: { is: 'away', reason: 'x' } }] as const)
    t.equal(stateOf({ ...FACTS, ...facts }, NOW).next, null)
})

const told = (traits: Partial<EngineReading>) => ({
  at: NOW,
  running: null,
  waiting: null,
  slots: null,
  most: null,
  sleeping: null,
  models: null,
  ...traits,
})

t.test('who has no room', async (t) => {
  const slots = 'all its slots are taken'
  const cases: readonly (readonly [Partial<EngineReading> | null, open: number, room: number | null, string | null])[] =
    [
      [null, 50, null, null],
      [null, 3, 4, null],
      [null, 4, 4, slots],
      [{ waiting: 1 }, 0, null, 'requests wait in it'],
      [{ waiting: 0, running: 256 }, 256, null, null],
      [{ slots: 4, running: 4 }, 0, null, slots],
      [{ slots: 4, running: 1 }, 4, null, slots],
      [{ slots: 4, running: 3 }, 3, 2, null],
      [{ slots: 4 }, 3, null, null],
    ]
  for (const [reading, open, room, expected] of cases)
    t.equal(
      crowdOf(reading === null ? null : told(reading), open, room),
      expected,
      JSON.stringify([reading, open, room]),
    )
})

t.test('who was full has room again when it tells so, and not by what it told before', async (t) => {
  const cases: readonly (readonly [Partial<EngineReading> | null, boolean])[] = [
    [null, false],
    [{ at: NOW - 1000, running: 0, waiting: 0 }, false],
    [{ at: null, running: 0, waiting: 0 }, false],
    [{ running: 4, waiting: 1 }, false],
    [{ running: 4, waiting: 0 }, true],
    [{ running: 4, waiting: 0, slots: 4 }, false],
    [{ running: 3, waiting: 0, slots: 4 }, true],
    [{ waiting: 0 }, false],
    [{ running: 4, waiting: 6, most: 10 }, false],
    [{ running: 4, waiting: 5, most: 10 }, true],
    [{ running: 9, most: 10 }, true],
  ]
  for (const [reading, expected] of cases)
    t.equal(hasRoom(reading === null ? null : told(reading), NOW - 500), expected, JSON.stringify(reading))
})

t.test('who sleeps: the engine says so, or all that it could load is out of memory', async (t) => {
  const models = (...states: readonly Partial<ModelReading>[]) =>
    new Map(states.map((one, index) => [`m${index}`, { ...UNTOLD, ...one }]))
  const asleep = { loaded: false, sleeping: true }
  const cases: readonly (readonly [string, Partial<EngineReading> | null, boolean])[] = [
    ['nothing is told', null, false],
    ['it says so', { sleeping: true }, true],
    ['it is awake', { sleeping: false }, false],
    ['all of its models', { models: models(asleep, asleep) }, true],
    ['one of two', { models: models(asleep, { loaded: true }) }, false],
    ['one is being loaded', { models: models(asleep, { loaded: false, loading: true }) }, false],
    ['models that are not loaded, and do not sleep', { models: models({ loaded: false }, { loaded: false }) }, false],
    ['no models', { models: new Map() }, false],
  ]
  for (const [what, reading, expected] of cases)
    t.equal(isAsleep(reading === null ? null : told(reading)), expected, what)
})
