import t from 'tap'
import { parse, stringify } from 'yaml'
import { EXAMPLE_ENV, exampleText, load, refusal } from './load.ts'

const CANARY = 'canary0sesame'

type Path = readonly (string | number)[]

/** Paths of all values of the file, maps and lists included. */
function paths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const inner = Array.isArray(value)
    ? value.flatMap((one, index) => paths(one, [...path, index]))
    : Object.entries(value).flatMap(([name, one]) => paths(one, [...path, name]))
  return path.length === 0 ? inner : [path, ...inner]
}

function set(value: unknown, [first, ...rest]: Path, to: unknown): unknown {
  if (first === undefined) return to
  const copy = structuredClone(value) as Record<string | number, unknown>
  copy[first] = set(copy[first], rest, to)
  return copy
}

const BREAKS: readonly unknown[] = [-1, 'no such thing', null, true, [], {}, ['x'], { x: 1 }, '${UNSET}']

/** The full example with a canary wherever a secret can stand. */
const full = parse(await exampleText('full')) as object
const secrets: readonly (readonly [Path, string])[] = [
  [['backends', 0, 'key'], CANARY],
  [['backends', 0, 'url'], `http://me:${CANARY}@gpu-a:8000/v1?key=${CANARY}`],
  [['keys', 0, 'hash'], CANARY],
  [['store', 'redis'], `redis://:${CANARY}@host`],
]

t.test('no secret in any message, whatever else is wrong', async (t) => {
  let refused = 0
  for (const [at, secret] of secrets) {
    const armed = set(full, at, secret)
    for (const path of paths(full)) {
      for (const broken of BREAKS) {
        if (path.join('.') === at.join('.')) continue
        const text = stringify(set(armed, path, broken))
        const message = refusal(text, EXAMPLE_ENV)
        if (message !== '') refused++
        if (message.toLowerCase().includes(CANARY))
          t.fail(`${at.join('.')} shows when ${path.join('.')} is broken: ${message}`)
      }
    }
  }
  t.ok(refused > 1_000, `${refused} refusals were looked at`)
})

t.test('no secret in a message about itself', async (t) => {
  const values = [
    CANARY,
    `${CANARY}***`,
    `${CANARY}\nx`,
    [CANARY],
    { value: CANARY },
    `http://${CANARY}@h`,
    `http://u:${CANARY}/x@h`,
    `u:${CANARY}@h:8000`,
    `http://h/?k=${CANARY}`,
    `http://h:99999/#${CANARY}`,
  ]
  for (const [at] of secrets)
    for (const value of values) {
      // Also where the list or the map around it should be.
      for (const path of at.map((_, index) => at.slice(0, at.length - index))) {
        const message = refusal(stringify(set(full, path, value)), EXAMPLE_ENV)
        // A bare word as URL may be a host that lacks its scheme.
        if (path.at(-1) === 'url' && value === CANARY) continue
        t.notOk(message.toLowerCase().includes(CANARY), `${path.join('.')} = ${JSON.stringify(value)}: ${message}`)
      }
    }
})

t.test('no value of a variable in a message or a warning', async (t) => {
  const env = { ...EXAMPLE_ENV, SECRET: CANARY }
  for (const path of paths(full)) {
    const text = stringify(set(full, path, '${SECRET}'))
    const message = refusal(text, env)
    const said = message === '' ? load(text, env).warnings.join('\n') : message
    t.notOk(said.includes(CANARY), `${path.join('.')}: ${said}`)
  }
})

t.test('a line that cannot be read is not quoted', async (t) => {
  for (const text of [
    `backends:\n  - key: "${CANARY}\n`,
    `backends: [{ key: ${CANARY}: x: y }]`,
    `a: @${CANARY}`,
    `a: *${CANARY}`,
    `a: !${CANARY} b`,
    CANARY,
  ]) {
    const message = refusal(text)
    t.not(message, '', text)
    t.notOk(message.includes(CANARY), message)
  }
})
